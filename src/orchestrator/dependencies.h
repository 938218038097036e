#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "process/readiness.h"
#include "rpc/health.h"

namespace bookstore::orchestrator {

// Asks every service that a checkout needs for its health, once a second on a thread of its own,
// so that /readyz can say at once which one is missing and why.
class Dependencies {
 public:
  struct Service {
    std::string name;
    std::vector<std::string> addresses;  // one that serves is enough
    bool required = true;                // without it no order can be accepted
  };
  static constexpr base::DurationMs kIntervalMs = 1'000;
  static constexpr base::DurationMs kTimeoutMs = 300;

  // Reports to `readiness`, which outlives this; so does `clock`.
  Dependencies(std::vector<Service> services, process::Readiness& readiness,
               const base::Clock& clock);
  ~Dependencies();
  Dependencies(const Dependencies&) = delete;
  Dependencies& operator=(const Dependencies&) = delete;

 private:
  struct Probed;
  void run();

  const base::Clock& clock_;
  std::vector<std::shared_ptr<Probed>> services_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bookstore::orchestrator
