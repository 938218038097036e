#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "checkout/keys.h"
#include "checkout/runner.h"
#include "executor_client/client.h"
#include "orders/store.h"

namespace bookstore::checkout {

// What the sessions of one runner share. Any thread.
struct Shared {
  Shared(Runner::Config config_in, Runner::Services services_in)
      : config(std::move(config_in)), services(services_in), keys(services.platform_key) {}

  const Runner::Config config;
  const Runner::Services services;
  const Keys keys;

  struct Counters {
    std::atomic<uint64_t> started{0}, accepted{0}, in_review{0}, rejected{0}, replayed{0},
        refused{0}, unavailable{0}, unknown{0}, steps_cancelled{0}, taken_over{0},
        reviews_approved{0}, reviews_declined{0}, reviews_overdue{0};
  };
  Counters counters;

  std::mutex mutex;  // guards active
  std::condition_variable idle;
  size_t active = 0;
};

// Held by every session and re-submission until it has ended: the runner waits for them.
class Active {
 public:
  explicit Active(Shared& shared) : shared_(shared) {
    const std::lock_guard lock(shared_.mutex);
    ++shared_.active;
    admitted_ = shared_.active <= shared_.config.active_max;
  }
  ~Active() {
    const std::lock_guard lock(shared_.mutex);
    if (--shared_.active == 0) shared_.idle.notify_all();
  }
  Active(const Active&) = delete;
  Active& operator=(const Active&) = delete;

  // False: there were active_max before it.
  bool admitted() const { return admitted_; }

 private:
  Shared& shared_;
  bool admitted_ = false;
};

// What the database keeps of an executor's answer: accepted, or where the order is by now.
absl::StatusOr<bool> record_accepted(orders::Store& orders, const base::OrderId& order_id,
                                     int32_t attempt, const executor_client::SubmitResult& result,
                                     const std::string& clock, base::Deadline deadline);

}  // namespace bookstore::checkout
