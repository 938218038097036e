#include "cli/wait.h"

namespace bookstore::cli {
namespace {

// A starting process tells nobody when it is ready, so it is asked, this often.
constexpr base::DurationMs kAskEveryMs = 25;

}  // namespace

absl::Status wait_for_service(const std::string& service, const std::function<bool()>& ready,
                              const Supervisor& supervisor, const LogBook& logs, StopSignal& stop,
                              const base::Clock& clock, base::Deadline deadline) {
  for (;;) {
    if (ready()) return absl::OkStatus();
    const ServiceView view = supervisor.service(service);
    if (view.ends > 0)
      return absl::FailedPreconditionError(service + " did not start (" + view.last_exit +
                                           "): " + logs.last_line(service));
    if (deadline.passed(clock))
      return absl::DeadlineExceededError(
          service + " is not ready in time; its last words: " + logs.last_line(service));
    if (stop.wait_ms(kAskEveryMs)) return absl::CancelledError("stopped while starting");
  }
}

absl::Status wait_for_postgres(const PrivatePostgres& database, const Supervisor& supervisor,
                               const LogBook& logs, StopSignal& stop, const base::Clock& clock,
                               base::Deadline deadline) {
  const auto accepts = [&] {
    const pid_t postmaster = supervisor.service("postgres").pid;
    return postmaster > 0 && database.accepts(postmaster);
  };
  return wait_for_service("postgres", accepts, supervisor, logs, stop, clock, deadline);
}

}  // namespace bookstore::cli
