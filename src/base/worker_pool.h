#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bookstore::base {

// A fixed number of threads and a bounded queue of tasks. Any thread may submit.
// At the limit try_submit says no and the caller sheds load: nothing waits without a bound.
// The destructor runs what is queued, then joins.
class WorkerPool {
 public:
  WorkerPool(std::string name, size_t threads, size_t queue_capacity);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full or stop() was called; the task is then not run.
  [[nodiscard]] bool try_submit(std::function<void()> task);
  // Refuses new tasks, runs the queued ones, joins. Idempotent; not from a pool thread.
  void stop();

  size_t queued() const;
  uint64_t refused() const;

 private:
  friend class Strand;
  void run();
  // For a strand that was already admitted: its continuation must never be refused.
  void submit_admitted(std::function<void()> task);

  const std::string name_;
  const size_t queue_capacity_;
  mutable std::mutex mutex_;  // guards everything below but threads_
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  uint64_t refused_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Runs its tasks one at a time, in the order they were posted, on a pool's threads: what a strand
// owns needs no lock. The first post may be refused by a full pool; while the strand has work in
// it, later posts are not (an admitted order finishes). Keep it alive by shared_ptr until its last
// task has run.
class Strand : public std::enable_shared_from_this<Strand> {
 public:
  static std::shared_ptr<Strand> make(WorkerPool& pool) {
    return std::shared_ptr<Strand>(new Strand(pool));
  }
  // Admission: false when the pool's queue is full.
  [[nodiscard]] bool try_post(std::function<void()> task);
  // A continuation of admitted work: never refused.
  void post(std::function<void()> task);

 private:
  explicit Strand(WorkerPool& pool) : pool_(pool) {}
  void drain();
  // True when the caller must schedule drain().
  bool enqueue(std::function<void()> task);

  WorkerPool& pool_;
  std::mutex mutex_;  // guards tasks_ and scheduled_
  std::deque<std::function<void()>> tasks_;
  bool scheduled_ = false;  // drain() is queued or running
};

}  // namespace bookstore::base
