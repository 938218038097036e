#include "cli/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "base/status.h"
#include "cli/text.h"

namespace bookstore::cli {
namespace {

// How soon may_start is asked again.
constexpr base::DurationMs kAskAgainMs = 20;
// Between the last signal and the one that nothing survives.
constexpr base::DurationMs kLastGraceMs = 5'000;

}  // namespace

std::string_view name_of(ServiceState state) {
  switch (state) {
    case ServiceState::kWaiting:
      return "waiting";
    case ServiceState::kRunning:
      return "running";
    case ServiceState::kStopping:
      return "stopping";
    case ServiceState::kStopped:
      return "stopped";
  }
  return "";
}

Supervisor::Supervisor(LogBook& logs, const base::Clock& clock, base::Random& random)
    : logs_(logs), clock_(clock), random_(random), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  BOOKSTORE_CHECK(wake_.open());
  thread_ = std::thread([this] { run(); });
}

Supervisor::~Supervisor() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
    for (auto& [name, service] : services_) {
      service.wanted = false;
      if (service.child.has_value())
        kill(service.child->pid, SIGKILL);
      else
        set_state(service, ServiceState::kStopped);
    }
  }
  wake();
  thread_.join();
}

void Supervisor::on_change(std::function<void(const std::vector<ServiceView>&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void Supervisor::start(ServiceSpec spec) {
  {
    const std::lock_guard lock(mutex_);
    auto [entry, added] = services_.try_emplace(spec.name);
    BOOKSTORE_CHECK(added, spec.name, " is started twice");
    entry->second.backoff = Backoff(spec.restart_delay_max_ms);
    entry->second.spec = std::move(spec);
    set_state(entry->second, ServiceState::kWaiting);
  }
  wake();
}

std::vector<ServiceView> Supervisor::services() const {
  const std::lock_guard lock(mutex_);
  return views();
}

ServiceView Supervisor::service(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return view(services_.at(name));
}

bool Supervisor::wait(const std::string& name, const std::function<bool(const ServiceView&)>& done,
                      base::Deadline deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(deadline.remaining_ms(clock_)),
                           [&] { return done(view(services_.at(name))); });
}

void Supervisor::stop(const std::vector<std::string>& names) {
  std::unique_lock lock(mutex_);
  for (const std::string& name : names) ask_to_stop(services_.at(name));
  lock.unlock();
  wake();
  lock.lock();
  // Bounded: escalate_due ends with a signal that cannot be refused.
  changed_.wait(lock, [&] {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return services_.at(name).state == ServiceState::kStopped;
    });
  });
}

void Supervisor::ask_to_stop(Service& service) {
  service.wanted = false;
  if (!service.child.has_value()) {
    set_state(service, ServiceState::kStopped);
  } else if (service.state != ServiceState::kStopping) {
    kill(service.child->pid, service.spec.stop_signal);
    service.escalate_at = clock_.steady_ms() + service.spec.stop_grace_ms;
    set_state(service, ServiceState::kStopping);
  }
}

void Supervisor::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const base::SteadyMs now_ms = clock_.steady_ms();
    start_due(now_ms);
    escalate_due(now_ms);
    if (std::exchange(dirty_, false) && listener_) listener_(views());
    if (quit_ && finished()) return;
    const int wait_ms = timeout_ms(now_ms);
    lock.unlock();
    wait_for_events(wait_ms);
    lock.lock();
    for (auto& [name, service] : services_) {
      if (!service.child.has_value()) continue;
      copy_output(service);
      reap(service);
    }
  }
}

bool Supervisor::finished() const {
  return std::none_of(services_.begin(), services_.end(),
                      [](const auto& entry) { return entry.second.child.has_value(); });
}

void Supervisor::start_due(base::SteadyMs now_ms) {
  for (auto& [name, service] : services_) {
    if (service.state != ServiceState::kWaiting || service.start_at > now_ms || quit_) continue;
    if (service.spec.may_start && !service.spec.may_start())
      service.start_at = now_ms + kAskAgainMs;
    else
      start_now(service);
  }
}

void Supervisor::start_now(Service& service) {
  absl::StatusOr<Child> child = spawn(service.spec.child);
  service.started_at = clock_.steady_ms();
  if (child.ok()) {
    service.child = std::move(*child);
    set_state(service, ServiceState::kRunning);
    return;
  }
  logs_.append(service.spec.name, base::str(child.status().message()) + "\n");
  ++service.ends;
  service.last_exit = base::str(child.status().message());
  plan_restart(service, 0);
}

void Supervisor::escalate_due(base::SteadyMs now_ms) {
  for (auto& [name, service] : services_) {
    if (!service.escalate_at.has_value() || *service.escalate_at > now_ms) continue;
    const int signal = service.escalations++ == 0 ? service.spec.last_signal : SIGKILL;
    logs_.note(name, "did not stop in time, sending signal " + std::to_string(signal));
    kill(service.child->pid, signal);
    service.escalate_at = now_ms + kLastGraceMs;
  }
}

int Supervisor::timeout_ms(base::SteadyMs now_ms) const {
  base::DurationMs soonest_ms = 60'000;
  for (const auto& [name, service] : services_) {
    if (service.state == ServiceState::kWaiting)
      soonest_ms = std::min(soonest_ms, service.start_at - now_ms);
    if (service.escalate_at.has_value())
      soonest_ms = std::min(soonest_ms, *service.escalate_at - now_ms);
  }
  return static_cast<int>(std::max<base::DurationMs>(0, soonest_ms));
}

// Reads services_ without the lock: this thread alone changes the children in it, and entries are
// never removed; start() may add one, for which it holds the lock and wakes us.
void Supervisor::wait_for_events(int timeout_ms) {
  std::vector<pollfd> events = {{wake_.get(), POLLIN, 0}};
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, service] : services_) {
      if (!service.child.has_value()) continue;
      events.push_back({service.child->pidfd.get(), POLLIN, 0});
      if (service.child->output.open()) events.push_back({service.child->output.get(), POLLIN, 0});
    }
  }
  poll(events.data(), events.size(), timeout_ms);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = read(wake_.get(), &count, sizeof count);
}

// True while there may be more.
bool Supervisor::copy_output(Service& service) {
  std::array<char, 16 * 1024> buffer;
  // A bounded number of reads, so that a service that never pauses cannot hold up the others.
  for (int reads = 0; reads < 16; ++reads) {
    if (!service.child->output.open()) return false;
    const ssize_t size = read(service.child->output.get(), buffer.data(), buffer.size());
    if (size == 0) service.child->output.close();
    if (size <= 0) return false;
    logs_.append(service.spec.name, {buffer.data(), static_cast<size_t>(size)});
  }
  return true;
}

void Supervisor::reap(Service& service) {
  int wait_status = 0;
  if (waitpid(service.child->pid, &wait_status, WNOHANG) != service.child->pid) return;
  // What it said last; bounded, because a grandchild may hold the pipe and go on talking.
  for (int rounds = 0; rounds < 64 && copy_output(service); ++rounds) {
  }
  service.child.reset();
  service.escalate_at.reset();
  service.escalations = 0;
  if (!service.wanted) {
    set_state(service, ServiceState::kStopped);
    return;
  }
  ++service.ends;
  service.last_exit = describe_exit(wait_status);
  plan_restart(service, clock_.steady_ms() - service.started_at);
}

void Supervisor::plan_restart(Service& service, base::DurationMs ran_ms) {
  const base::DurationMs delay_ms = service.backoff.next_delay_ms(ran_ms, random_);
  service.start_at = clock_.steady_ms() + delay_ms;
  logs_.note(service.spec.name,
             service.last_exit + "; starting it again in " + format_duration(delay_ms));
  set_state(service, ServiceState::kWaiting);
}

void Supervisor::set_state(Service& service, ServiceState state) {
  service.state = state;
  service.since_ms = clock_.wall_ms();
  dirty_ = true;
  changed_.notify_all();
}

ServiceView Supervisor::view(const Service& service) const {
  return {.name = service.spec.name,
          .state = service.state,
          .pid = service.child.has_value() ? service.child->pid : -1,
          .ends = service.ends,
          .last_exit = service.last_exit,
          .since_ms = service.since_ms};
}

std::vector<ServiceView> Supervisor::views() const {
  std::vector<ServiceView> views;
  for (const auto& [name, service] : services_) views.push_back(view(service));
  return views;
}

void Supervisor::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = write(wake_.get(), &one, sizeof one);
}

}  // namespace bookstore::cli
