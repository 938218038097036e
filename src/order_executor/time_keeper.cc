#include "order_executor/time_keeper.h"

#include <algorithm>

namespace bookstore::order_executor {

void TimeKeeper::on_database_time(base::WallMs database_ms, base::WallMs wall_ms,
                                  base::SteadyMs steady_ms) {
  offset_ms_ = database_ms - wall_ms;
  if (!agrees(*offset_ms_)) return;
  anchor_wall_ms_ = wall_ms;
  anchor_steady_ms_ = steady_ms;
}

base::WallMs TimeKeeper::propose(base::WallMs wall_ms, base::SteadyMs steady_ms) const {
  return std::min(wall_ms, anchor_wall_ms_ + (steady_ms - anchor_steady_ms_) + kAheadMax);
}

}  // namespace bookstore::order_executor
