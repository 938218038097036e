#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>

#include "base/status.h"
#include "cli/commands.h"

namespace bookstore::cli {
namespace {

// The last `lines` lines of the text.
std::string_view tail(std::string_view text, int lines) {
  size_t start = text.size();
  for (int line = 0; line <= lines && start != std::string_view::npos; ++line)
    start = start == 0 ? std::string_view::npos : text.rfind('\n', start - 1);
  return start == std::string_view::npos ? text : text.substr(start + 1);
}

// Prints what is added to a file from `offset` on, across its being replaced by a new one.
class Follower {
 public:
  Follower(std::filesystem::path path, off_t offset)
      : path_(std::move(path)), file_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)), offset_(offset) {}

  void print_new() {
    print_rest();
    struct stat now {};
    struct stat ours {};
    if (stat(path_.c_str(), &now) != 0) return;
    if (file_.open() && fstat(file_.get(), &ours) == 0 && ours.st_ino == now.st_ino) return;
    file_ = Fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    offset_ = 0;
    print_rest();
  }

 private:
  void print_rest() {
    std::array<char, 16 * 1024> buffer;
    for (;;) {
      const ssize_t size = pread(file_.get(), buffer.data(), buffer.size(), offset_);
      if (size <= 0) break;
      std::fwrite(buffer.data(), 1, static_cast<size_t>(size), stdout);
      offset_ += size;
    }
    std::fflush(stdout);
  }

  const std::filesystem::path path_;
  Fd file_;
  off_t offset_;
};

int follow(const std::filesystem::path& path, off_t offset) {
  const Fd watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch.open() || inotify_add_watch(watch.get(), path.parent_path().c_str(),
                                         IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
    return fail("cannot watch " + path.parent_path().string());
  Follower follower(path, offset);
  std::array<char, 4096> events;
  for (;;) {
    follower.print_new();
    if (std::ferror(stdout) != 0) return 0;  // nobody reads any more
    pollfd changed{watch.get(), POLLIN, 0};
    poll(&changed, 1, -1);
    while (read(watch.get(), events.data(), events.size()) > 0) {
    }
  }
}

}  // namespace

int logs(const LogsOptions& options) {
  const StateDir state(options.state);
  const std::string name = options.service.empty() ? "platform" : options.service;
  const std::filesystem::path path = state.logs() / (name + ".log");
  const auto text = read_file(path);
  if (!text.ok())
    return fail("there is no log of '" + name + "' in " + state.logs().string() +
                "; './bookstore status' lists the services");
  const std::string_view shown = tail(*text, options.lines);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  std::fflush(stdout);
  return options.follow ? follow(path, static_cast<off_t>(text->size())) : 0;
}

}  // namespace bookstore::cli
