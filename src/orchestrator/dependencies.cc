#include "orchestrator/dependencies.h"

#include <pthread.h>

#include "base/status.h"

namespace bookstore::orchestrator {

struct Dependencies::Probed {
  std::vector<std::unique_ptr<rpc::HealthCheck>> checks;
  mutable std::mutex mutex;  // guards reason
  std::string reason = "not asked yet";

  void ask(const base::Clock& clock) {
    std::string failures;
    for (const auto& check : checks) {
      const auto status = check->ask(base::Deadline::after(clock, kTimeoutMs));
      if (status.ok()) {
        failures.clear();
        break;
      }
      failures += (failures.empty() ? "" : "; ") + base::str(status.message());
    }
    const std::lock_guard lock(mutex);
    reason = std::move(failures);
  }
  std::string current() const {
    const std::lock_guard lock(mutex);
    return reason;
  }
};

Dependencies::Dependencies(std::vector<Service> services, process::Readiness& readiness,
                           const base::Clock& clock)
    : clock_(clock) {
  for (const Service& service : services) {
    auto probed = std::make_shared<Probed>();
    for (const std::string& address : service.addresses) {
      probed->checks.push_back(std::make_unique<rpc::HealthCheck>(address, clock));
    }
    services_.push_back(probed);
    readiness.ask(
        service.name, [probed] { return probed->current(); }, service.required);
  }
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "dependencies");
    run();
  });
}

Dependencies::~Dependencies() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

void Dependencies::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    for (const auto& service : services_) service->ask(clock_);
    lock.lock();
    stop_.wait_for(lock, std::chrono::milliseconds(kIntervalMs), [this] { return stopping_; });
  }
}

}  // namespace bookstore::orchestrator
