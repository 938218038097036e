#include "cli/log_book.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace bookstore::cli {
namespace {

constexpr size_t kNameWidth = 24;
constexpr std::array<std::string_view, 6> kColours = {"36", "32", "33", "35", "34", "31"};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

std::string padded(std::string name) {
  name.resize(std::max(name.size(), kNameWidth), ' ');
  return name;
}

}  // namespace

BoundedFile::BoundedFile(std::filesystem::path path, uint64_t bytes_max)
    : path_(std::move(path)), bytes_max_(bytes_max) {
  reopen();
}

void BoundedFile::reopen() {
  file_ = Fd(open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  struct stat status {};
  size_ =
      file_.open() && fstat(file_.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

void BoundedFile::append(std::string_view text) {
  if (size_ + text.size() > bytes_max_) {
    std::error_code ignored;
    std::filesystem::rename(path_, path_.string() + ".1", ignored);
    reopen();
  }
  write_all(file_.get(), text);
  size_ += text.size();
}

LogBook::LogBook(std::filesystem::path folder, uint64_t file_bytes_max)
    : folder_(std::move(folder)),
      file_bytes_max_(file_bytes_max),
      platform_(folder_ / "platform.log", file_bytes_max) {}

LogBook::Service& LogBook::service(const std::string& name) {
  auto [entry, added] = services_.try_emplace(name);
  if (added) {
    entry->second.file = BoundedFile(folder_ / (name + ".log"), file_bytes_max_);
    entry->second.colour = static_cast<int>((services_.size() - 1) % kColours.size());
  }
  return entry->second;
}

void LogBook::append(const std::string& name, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  Service& from = service(name);
  from.partial += bytes;
  size_t start = 0;
  for (;;) {
    const size_t end = from.partial.find('\n', start);
    if (end != std::string::npos) {
      write_line(name, from, std::string_view(from.partial).substr(start, end - start));
      start = end + 1;
    } else if (from.partial.size() - start >= kLogLineMax) {
      write_line(name, from, std::string_view(from.partial).substr(start, kLogLineMax));
      start += kLogLineMax;
    } else {
      break;
    }
  }
  from.partial.erase(0, start);
}

void LogBook::note(const std::string& name, std::string_view line) {
  const std::lock_guard lock(mutex_);
  Service& about = service(name);
  const std::string last = about.last_line;
  write_line(name, about, "-- " + std::string(line));
  about.last_line = last;  // a service's last words stay its own
}

void LogBook::write_line(const std::string& name, Service& from, std::string_view line) {
  if (!line.empty()) from.last_line = std::string(line);
  const std::string text = std::string(line) + "\n";
  from.file.append(text);
  platform_.append(padded(name) + " | " + text);
  if (shown_on_ < 0) return;
  const std::string prefix = padded(name) + " | ";
  if (coloured_)
    write_all(shown_on_, "\x1b[" + std::string(kColours[static_cast<size_t>(from.colour)]) + "m" +
                             prefix + "\x1b[0m" + text);
  else
    write_all(shown_on_, prefix + text);
}

void LogBook::show_on(int fd, bool coloured) {
  const std::lock_guard lock(mutex_);
  shown_on_ = fd;
  coloured_ = coloured;
}

std::string LogBook::last_line(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto entry = services_.find(name);
  if (entry == services_.end()) return "";
  return entry->second.partial.empty() ? entry->second.last_line : entry->second.partial;
}

}  // namespace bookstore::cli
