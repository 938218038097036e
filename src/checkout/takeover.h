#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "checkout/shared.h"
#include "orders/store.h"

namespace bookstore::checkout {

// Takes over `submitting` orders whose lease is over and submits their stored bytes again, until
// the executor knows them or their time is past; sweeps abandoned orders, expired keys and reviews
// that nobody decided. One thread, which may block in the database; the submissions are
// asynchronous. Every orchestrator has one: what two of them meet is decided by the row's compare.
class Takeover {
 public:
  explicit Takeover(std::shared_ptr<Shared> shared);
  // Stops looking for more; what was submitted again ends on its own.
  ~Takeover();
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

 private:
  void run();
  void take_over_lapsed();
  void sweep();

  const std::shared_ptr<Shared> shared_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bookstore::checkout
