#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace bookstore::order_executor {

// What other threads tell the node's thread. Shared by pointer, so that an answer that arrives
// after the node is gone is dropped. Any thread posts; one thread takes.
class Inbox {
 public:
  using Task = std::function<void()>;

  // For what must not be refused: answers of calls that the node itself started, its own timers.
  // False after close(): the task is dropped.
  bool post(Task task) {
    const std::lock_guard lock(mutex_);
    return post_locked(std::move(task));
  }
  // For what comes from outside: false at the capacity too.
  bool try_post(Task task, size_t capacity) {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= capacity) return false;
    return post_locked(std::move(task));
  }
  // Waits until there is something, close() was called, or the time is over.
  std::vector<Task> take(base::DurationMs wait_ms) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms),
                      [this] { return closed_ || !tasks_.empty(); });
    return std::exchange(tasks_, {});
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  bool post_locked(Task task) {
    if (closed_) return false;
    tasks_.push_back(std::move(task));
    changed_.notify_all();
    return true;
  }

  mutable std::mutex mutex_;  // guards tasks_ and closed_
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  bool closed_ = false;
};

}  // namespace bookstore::order_executor
