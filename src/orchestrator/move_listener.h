#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "orchestrator/order_waits.h"
#include "postgres/listener.h"

namespace bookstore::orchestrator {

// Hears of the orders that some orchestrator moved without the executor (a decided review, an
// expired submission, an abandoned order) and tells the requests that wait for them. While the
// database is away nobody hears: when it is back, all who wait look again.
class MoveListener {
 public:
  // `waits` and `clock` outlive this.
  MoveListener(std::string conninfo, OrderWaits& waits, const base::Clock& clock);
  ~MoveListener();
  MoveListener(const MoveListener&) = delete;
  MoveListener& operator=(const MoveListener&) = delete;

 private:
  void run();
  absl::Status listen();
  absl::Status hear();
  // False: this ends.
  bool pause();

  const std::string conninfo_;
  OrderWaits& waits_;
  const base::Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  std::unique_ptr<postgres::Listener> listener_;
  std::thread thread_;
};

}  // namespace bookstore::orchestrator
