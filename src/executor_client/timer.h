#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace bookstore::executor_client {

// Runs short tasks later, on one thread of its own. Real time. Any thread.
class Timer {
 public:
  Timer();
  // Runs what is still waiting at once, then joins. Not from a task.
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void after(base::DurationMs delay_ms, std::function<void()> task);
  // From now on every task, waiting or new, is due at once.
  void hurry();

 private:
  void run();

  base::SystemClock clock_;
  std::mutex mutex_;  // guards what follows but thread_
  std::condition_variable changed_;
  std::multimap<base::SteadyMs, std::function<void()>> tasks_;
  bool hurrying_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bookstore::executor_client
