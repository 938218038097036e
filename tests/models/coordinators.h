#pragma once

#include "order_executor/two_phase.h"
#include "tests/models/interner.h"

namespace bookstore::models {

// Every state that the production coordinator takes, by its fingerprint. Retries are due at once:
// the model has no use for pauses, since any move may be as late as it likes.
class Coordinators {
 public:
  Coordinators() { fresh_ = keep(order_executor::TwoPhase(config())); }

  // What a leader starts with.
  uint32_t fresh() const { return fresh_; }

  // The coordinator after `change` was done to it.
  template <class Change>
  uint32_t after(uint32_t coordinator, Change change) {
    order_executor::TwoPhase copy(known_[coordinator]);
    change(copy);
    return keep(copy);
  }
  const order_executor::TwoPhase& operator[](uint32_t number) const { return known_[number]; }
  size_t size() const { return known_.size(); }

 private:
  static order_executor::TwoPhase::Config config() {
    order_executor::TwoPhase::Config config;
    config.retry_min_ms = 0;
    config.retry_max_ms = 0;
    config.begin_linger_ms = 0;
    return config;
  }
  uint32_t keep(const order_executor::TwoPhase& coordinator) {
    return known_.intern(coordinator.fingerprint(), [&] { return coordinator; });
  }

  Interner<order_executor::TwoPhase> known_;
  uint32_t fresh_ = 0;
};

}  // namespace bookstore::models
