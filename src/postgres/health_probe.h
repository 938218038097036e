#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "postgres/pool.h"

namespace bookstore::postgres {

// Asks the database one small question again and again on a thread of its own, so that /readyz can
// say why it is not there without waiting for it. Keeps one of the pool's connections for itself,
// so that a pool that is busy is told from a database that hangs. Owns the thread; `pool` outlives
// it and has a connection more than its other users hold at once.
class HealthProbe {
 public:
  static constexpr base::DurationMs kIntervalMs = 1'000;
  static constexpr base::DurationMs kTimeoutMs = 2'000;

  explicit HealthProbe(Pool& pool, base::DurationMs interval_ms = kIntervalMs,
                       base::DurationMs timeout_ms = kTimeoutMs);
  ~HealthProbe();
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

  // Empty when the last question was answered. Never waits. Any thread.
  std::string reason() const;

 private:
  void run();
  absl::Status ask();

  Pool& pool_;
  const base::DurationMs interval_ms_;
  const base::DurationMs timeout_ms_;
  std::optional<Lease> lease_;  // of the probe's thread
  mutable std::mutex mutex_;    // guards reason_ and stopping_
  std::condition_variable stop_;
  std::string reason_ = "not asked yet";
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bookstore::postgres
