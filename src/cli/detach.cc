#include "cli/detach.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <csignal>

namespace bookstore::cli {
namespace {

constexpr int kLookForCtrlCEveryMs = 200;

[[noreturn]] void wait_for(pid_t child, const Fd& report, StopSignal& stop) {
  pollfd event{report.get(), POLLIN, 0};
  bool asked = false;
  while (poll(&event, 1, kLookForCtrlCEveryMs) <= 0) {
    if (!asked && stop.requested()) asked = kill(child, SIGTERM) == 0;
  }
  char byte = 0;
  if (read(report.get(), &byte, 1) == 1) _exit(0);
  int wait_status = 0;
  waitpid(child, &wait_status, 0);
  _exit(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0 ? WEXITSTATUS(wait_status) : 1);
}

}  // namespace

absl::StatusOr<Detached> Detached::leave_terminal(StopSignal& stop) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return absl::UnavailableError("cannot make a pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return absl::UnavailableError("cannot fork");
  if (child > 0) {
    write_end.close();
    wait_for(child, read_end, stop);
  }
  setsid();
  return Detached(std::move(write_end));
}

void Detached::ready(const std::filesystem::path& log) {
  const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd file(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  dup2(null.get(), STDIN_FILENO);
  dup2(file.get(), STDOUT_FILENO);
  dup2(file.get(), STDERR_FILENO);
  [[maybe_unused]] const ssize_t written = write(report_.get(), "r", 1);
  report_.close();
}

}  // namespace bookstore::cli
