#pragma once

#include <optional>

#include "base/clock.h"

namespace bookstore::order_executor {

// Which wall time a leader may propose (DESIGN §4). Replicated time never goes back, so a wall
// clock that jumped ahead would expire orders for ever: it counts only up to 10 s ahead of the
// steady clock, unless the database's clock agrees. A value; the node's thread owns it.
class TimeKeeper {
 public:
  static constexpr base::DurationMs kAheadMax = 10'000;
  static constexpr base::DurationMs kSkewMax = 5'000;

  TimeKeeper(base::WallMs wall_ms, base::SteadyMs steady_ms)
      : anchor_wall_ms_(wall_ms), anchor_steady_ms_(steady_ms) {}

  // The database said `database_ms` while our wall clock said `wall_ms`.
  void on_database_time(base::WallMs database_ms, base::WallMs wall_ms, base::SteadyMs steady_ms);

  // Our clock and the database's differ by more than kSkewMax: this node must not accept orders.
  bool skewed() const { return offset_ms_ && !agrees(*offset_ms_); }
  // Database minus ours, when last compared.
  std::optional<base::DurationMs> offset_ms() const { return offset_ms_; }

  base::WallMs propose(base::WallMs wall_ms, base::SteadyMs steady_ms) const;

 private:
  static bool agrees(base::DurationMs offset_ms) {
    return offset_ms <= kSkewMax && offset_ms >= -kSkewMax;
  }

  // A moment at which the wall clock was believed.
  base::WallMs anchor_wall_ms_;
  base::SteadyMs anchor_steady_ms_;
  std::optional<base::DurationMs> offset_ms_;
};

}  // namespace bookstore::order_executor
