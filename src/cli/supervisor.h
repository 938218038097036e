#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "cli/backoff.h"
#include "cli/child.h"
#include "cli/log_book.h"

namespace bookstore::cli {

struct ServiceSpec {
  std::string name;
  ChildSpec child;
  int stop_signal = SIGTERM;
  base::DurationMs stop_grace_ms = 12'000;  // then last_signal
  int last_signal = SIGKILL;
  // Asked by the supervisor's thread before every start and again a little later when it says no:
  // what is left of the last run may have to end first. Must not block. Empty: always.
  std::function<bool()> may_start;
  base::DurationMs restart_delay_max_ms = kRestartDelayMaxMs;
};

enum class ServiceState { kWaiting, kRunning, kStopping, kStopped };
std::string_view name_of(ServiceState state);

struct ServiceView {
  std::string name;
  ServiceState state = ServiceState::kWaiting;
  pid_t pid = -1;
  int ends = 0;               // how often it ended without being asked to
  std::string last_exit;      // of the newest of those
  base::WallMs since_ms = 0;  // of the state
};

// Starts processes, restarts those that end (Backoff), feeds their output to the log book, stops
// them. One thread of its own does all of it, and forks, so the children's death signal fires
// exactly when the supervisor is gone. The methods may be called by any thread.
class Supervisor {
 public:
  Supervisor(LogBook& logs, const base::Clock& clock, base::Random& random);
  // Kills what still runs.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Called by the supervisor's thread after every change of any state. Set before start().
  void on_change(std::function<void(const std::vector<ServiceView>&)> listener);

  void start(ServiceSpec spec);
  std::vector<ServiceView> services() const;
  ServiceView service(const std::string& name) const;
  // Waits until `done` says so of a service; false at the deadline.
  bool wait(const std::string& name, const std::function<bool(const ServiceView&)>& done,
            base::Deadline deadline) const;
  // Sends each its stop signal and waits until all have ended: at the latest two grace periods on.
  void stop(const std::vector<std::string>& names);

 private:
  struct Service {
    ServiceSpec spec;
    ServiceState state = ServiceState::kWaiting;
    std::optional<Child> child;
    Backoff backoff;
    bool wanted = true;
    base::SteadyMs start_at = 0;                // while waiting
    base::SteadyMs started_at = 0;              // while running
    std::optional<base::SteadyMs> escalate_at;  // while stopping
    int escalations = 0;
    int ends = 0;
    std::string last_exit;
    base::WallMs since_ms = 0;
  };

  void run();
  bool finished() const;
  void start_due(base::SteadyMs now_ms);
  void start_now(Service& service);
  void escalate_due(base::SteadyMs now_ms);
  void ask_to_stop(Service& service);
  int timeout_ms(base::SteadyMs now_ms) const;
  void wait_for_events(int timeout_ms);
  bool copy_output(Service& service);
  void reap(Service& service);
  void plan_restart(Service& service, base::DurationMs ran_ms);
  void set_state(Service& service, ServiceState state);
  ServiceView view(const Service& service) const;
  std::vector<ServiceView> views() const;
  void wake();

  LogBook& logs_;
  const base::Clock& clock_;
  base::Random& random_;
  Fd wake_;
  mutable std::mutex mutex_;  // guards everything below; not held while waiting for events
  mutable std::condition_variable changed_;
  std::function<void(const std::vector<ServiceView>&)> listener_;
  std::map<std::string, Service> services_;  // entries are never removed
  bool quit_ = false;
  bool dirty_ = false;  // a state changed and the listener has not been told
  std::thread thread_;
};

}  // namespace bookstore::cli
