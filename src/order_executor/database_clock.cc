#include "order_executor/database_clock.h"

#include <chrono>

namespace bookstore::order_executor {
namespace {

constexpr postgres::Statement kNow{
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms"};

}  // namespace

DatabaseClock::DatabaseClock(postgres::Pool& pool, const base::Clock& clock, OnTime on_time)
    : pool_(pool), clock_(clock), on_time_(std::move(on_time)), thread_([this] { run(); }) {}

DatabaseClock::~DatabaseClock() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_.notify_all();
  }
  thread_.join();
}

void DatabaseClock::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    ask();
    lock.lock();
    stop_.wait_for(lock, std::chrono::milliseconds(kIntervalMs), [this] { return stopping_; });
  }
}

void DatabaseClock::ask() {
  const base::SteadyMs asked_ms = clock_.steady_ms();
  const auto rows = pool_.query(kNow, {}, base::Deadline::after(clock_, kTimeoutMs));
  const base::DurationMs took_ms = clock_.steady_ms() - asked_ms;
  if (!rows.ok() || rows->empty() || took_ms > kTimeoutMs) return;
  on_time_((*rows)[0].int64("now_ms"), clock_.wall_ms() - took_ms / 2);
}

}  // namespace bookstore::order_executor
