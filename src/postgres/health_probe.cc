#include "postgres/health_probe.h"

#include <chrono>

#include "base/status.h"

namespace bookstore::postgres {

HealthProbe::HealthProbe(Pool& pool, base::DurationMs interval_ms, base::DurationMs timeout_ms)
    : pool_(pool), interval_ms_(interval_ms), timeout_ms_(timeout_ms), thread_([this] { run(); }) {}

HealthProbe::~HealthProbe() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

std::string HealthProbe::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

absl::Status HealthProbe::ask() {
  const base::Deadline deadline = base::Deadline::after(pool_.clock(), timeout_ms_);
  if (!lease_.has_value() || !(*lease_)->alive()) {
    lease_.reset();
    auto lease = pool_.acquire(deadline);
    if (!lease.ok()) return lease.status();
    lease_.emplace(*std::move(lease));
  }
  const absl::Status answer = (*lease_)->query({"SELECT 1"}, {}, deadline).status();
  if (!answer.ok()) lease_.reset();
  return answer;
}

void HealthProbe::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const absl::Status answer = ask();
    lock.lock();
    reason_ = answer.ok() ? "" : base::describe(answer);
    stop_.wait_for(lock, std::chrono::milliseconds(interval_ms_), [this] { return stopping_; });
  }
  lease_.reset();
}

}  // namespace bookstore::postgres
