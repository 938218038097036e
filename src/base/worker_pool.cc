#include "base/worker_pool.h"

#include <pthread.h>

#include "base/check.h"

namespace bookstore::base {

WorkerPool::WorkerPool(std::string name, size_t threads, size_t queue_capacity)
    : name_(std::move(name)), queue_capacity_(queue_capacity) {
  BOOKSTORE_CHECK(threads > 0, name_);
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
      run();
    });
  }
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::try_submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queue_capacity_) {
      ++refused_;
      return false;
    }
    queue_.push_back(std::move(task));
  }
  ready_.notify_one();
  return true;
}

void WorkerPool::submit_admitted(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  ready_.notify_one();
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t WorkerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

uint64_t WorkerPool::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

void WorkerPool::run() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;  // stopping, and everything queued has run
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

bool Strand::enqueue(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (scheduled_) return false;
  scheduled_ = true;
  return true;
}

bool Strand::try_post(std::function<void()> task) {
  if (!enqueue(std::move(task))) return true;
  if (pool_.try_submit([self = shared_from_this()] { self->drain(); })) return true;
  const std::lock_guard lock(mutex_);
  scheduled_ = false;
  tasks_.clear();  // only this refused task can be there: nothing else was admitted yet
  return false;
}

void Strand::post(std::function<void()> task) {
  if (enqueue(std::move(task))) {
    pool_.submit_admitted([self = shared_from_this()] { self->drain(); });
  }
}

void Strand::drain() {
  for (;;) {
    std::function<void()> task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) {
        scheduled_ = false;
        return;
      }
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace bookstore::base
