#include "postgres/health_probe.h"

#include <chrono>

#include "base/status.h"

namespace bookstore::postgres {

HealthProbe::HealthProbe(Pool& pool) : pool_(pool), thread_([this] { run(); }) {}

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

void HealthProbe::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto answer =
        pool_.query({"SELECT 1"}, {}, base::Deadline::after(pool_.clock(), kTimeoutMs));
    // A pool whose connections all work is busy, not ill.
    const bool busy = answer.status().code() == absl::StatusCode::kDeadlineExceeded;
    lock.lock();
    reason_ = answer.ok() || busy ? "" : base::describe(answer.status());
    stop_.wait_for(lock, std::chrono::milliseconds(kIntervalMs), [this] { return stopping_; });
  }
}

}  // namespace bookstore::postgres
