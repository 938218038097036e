#pragma once

#include <algorithm>
#include <limits>

#include "base/clock.h"

namespace bookstore::base {

// A point on the steady clock by which work must have ended. Copyable value.
// Every call that waits takes one; a child's deadline is min(own budget, parent's).
class Deadline {
 public:
  static Deadline after(const Clock& clock, DurationMs duration_ms) {
    return Deadline(clock.steady_ms() + duration_ms);
  }
  static Deadline at(SteadyMs steady_ms) { return Deadline(steady_ms); }

  DurationMs remaining_ms(const Clock& clock) const {
    return std::max<DurationMs>(0, steady_ms_ - clock.steady_ms());
  }
  bool passed(const Clock& clock) const { return clock.steady_ms() >= steady_ms_; }
  // The earlier of this deadline and `duration_ms` from now.
  Deadline at_most(const Clock& clock, DurationMs duration_ms) const {
    return Deadline(std::min(steady_ms_, clock.steady_ms() + duration_ms));
  }
  SteadyMs steady_ms() const { return steady_ms_; }

 private:
  explicit Deadline(SteadyMs steady_ms) : steady_ms_(steady_ms) {}
  SteadyMs steady_ms_;
};

}  // namespace bookstore::base
