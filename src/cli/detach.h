#pragma once

#include <filesystem>

#include "absl/status/statusor.h"
#include "cli/fd.h"
#include "cli/signals.h"

namespace bookstore::cli {

// `up --detach`: one process stays at the terminal until the other, which goes on in a session of
// its own, is ready or has failed.
class Detached {
 public:
  // Forks, so before any thread. Returns in the new process alone; the old one waits, passes
  // Ctrl-C on, and exits with 0 once ready() was called or with the new one's exit code.
  static absl::StatusOr<Detached> leave_terminal(StopSignal& stop);

  // Lets the waiting process go; from here on what we say goes to `log`, not to the terminal.
  void ready(const std::filesystem::path& log);

 private:
  explicit Detached(Fd report) : report_(std::move(report)) {}
  Fd report_;
};

}  // namespace bookstore::cli
