#pragma once

#include <optional>

#include "base/clock.h"

namespace bookstore::order_executor {

// Which time a leader may propose (DESIGN §4). Replicated time never goes back, so a wall clock
// that is ahead would expire orders for ever: it counts once the database's clock has agreed with
// it, and from there on only up to 10 s ahead of the steady clock until the database agrees again.
// A value; the node's thread owns it.
class TimeKeeper {
 public:
  static constexpr base::DurationMs kAheadMax = 10'000;
  static constexpr base::DurationMs kSkewMax = 5'000;

  // The database said `database_ms` while our wall clock said `wall_ms`.
  void on_database_time(base::WallMs database_ms, base::WallMs wall_ms, base::SteadyMs steady_ms);

  // Our clock and the database's differ by more than kSkewMax: this node must not accept orders.
  bool skewed() const { return offset_ms_ && !agrees(*offset_ms_); }
  // Database minus ours, when last compared.
  std::optional<base::DurationMs> offset_ms() const { return offset_ms_; }

  // Before the database ever agreed: 0, which leaves replicated time where it is.
  base::WallMs propose(base::WallMs wall_ms, base::SteadyMs steady_ms) const;

 private:
  static bool agrees(base::DurationMs offset_ms) {
    return offset_ms <= kSkewMax && offset_ms >= -kSkewMax;
  }

  // When the wall clock was last agreed with.
  struct Agreement {
    base::WallMs wall_ms;
    base::SteadyMs steady_ms;
  };
  std::optional<Agreement> agreement_;
  std::optional<base::DurationMs> offset_ms_;
};

}  // namespace bookstore::order_executor
