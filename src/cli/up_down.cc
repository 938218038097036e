#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/detach.h"

namespace bookstore::cli {
namespace {

// Longer than the graces of all groups of services and of the database together.
constexpr int kDownMs = 90'000;

absl::StatusOr<std::optional<Detached>> leave_terminal(bool detach, StopSignal& stop) {
  if (!detach) return std::nullopt;
  BOOKSTORE_ASSIGN_OR_RETURN(Detached detached, Detached::leave_terminal(stop));
  return std::optional<Detached>(std::move(detached));
}

}  // namespace

int up(const PlatformOptions& options, bool detach) {
  StopSignal stop;
  auto detached = leave_terminal(detach, stop);
  if (!detached.ok()) return fail(detached.status());
  Console console(stdout);
  Platform platform(options, console, stop);
  if (const absl::Status started = platform.start(); !started.ok()) {
    platform.stop();
    console.end_progress();
    return fail(started);
  }
  platform.introduce();
  if (detached->has_value()) {
    (*detached)->ready(StateDir(options.state).logs() / "supervisor.log");
  } else {
    console.line("Ctrl-C stops everything; here is what the services say:");
    platform.show_logs();
  }
  while (!stop.wait_ms(60'000)) {
  }
  if (!detached->has_value()) console.line("stopping");
  platform.stop();
  return 0;
}

int down(const std::filesystem::path& path) {
  const StateDir state(path);
  const std::optional<pid_t> pid = running_supervisor(state);
  Console console(stdout);
  if (!pid.has_value()) {
    console.line("no platform runs in " + state.path().string());
    return 0;
  }
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (kill(*pid, SIGTERM) != 0 && errno == EPERM)
    return fail("the platform belongs to another user (process " + std::to_string(*pid) + ")");
  pollfd event{process.get(), POLLIN, 0};
  if (process.open() && poll(&event, 1, kDownMs) == 0)
    return fail("process " + std::to_string(*pid) + " does not stop; look at './bookstore logs'");
  console.line("stopped");
  return 0;
}

}  // namespace bookstore::cli
