#include "executor_client/timer.h"

#include <chrono>
#include <utility>

namespace bookstore::executor_client {

Timer::Timer() : thread_([this] { run(); }) {}

Timer::~Timer() {
  {
    const std::lock_guard lock(mutex_);
    hurrying_ = stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Timer::after(base::DurationMs delay_ms, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.emplace(clock_.steady_ms() + delay_ms, std::move(task));
  }
  changed_.notify_one();
}

void Timer::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurrying_ = true;
  }
  changed_.notify_one();
}

void Timer::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !tasks_.empty()) {
    if (tasks_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const base::DurationMs wait_ms = tasks_.begin()->first - clock_.steady_ms();
    if (wait_ms > 0 && !hurrying_) {
      changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
      continue;
    }
    const auto task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace bookstore::executor_client
