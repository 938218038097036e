#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "postgres/pool.h"

namespace bookstore::order_executor {

// Asks the database for its time every two seconds, on a thread of its own, and tells `on_time`
// what it said and what our wall clock said half way of the question. A slow answer says nothing.
class DatabaseClock {
 public:
  using OnTime = std::function<void(base::WallMs database_ms, base::WallMs wall_ms)>;
  static constexpr base::DurationMs kIntervalMs = 2'000;
  static constexpr base::DurationMs kTimeoutMs = 1'000;

  // All outlive this.
  DatabaseClock(postgres::Pool& pool, const base::Clock& clock, OnTime on_time);
  ~DatabaseClock();
  DatabaseClock(const DatabaseClock&) = delete;
  DatabaseClock& operator=(const DatabaseClock&) = delete;

 private:
  void run();
  void ask();

  postgres::Pool& pool_;
  const base::Clock& clock_;
  const OnTime on_time_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bookstore::order_executor
