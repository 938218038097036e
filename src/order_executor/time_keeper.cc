#include "order_executor/time_keeper.h"

#include <algorithm>

namespace bookstore::order_executor {

void TimeKeeper::on_database_time(base::WallMs database_ms, base::WallMs wall_ms,
                                  base::SteadyMs steady_ms) {
  offset_ms_ = database_ms - wall_ms;
  if (agrees(*offset_ms_)) agreement_ = {wall_ms, steady_ms};
}

base::WallMs TimeKeeper::propose(base::WallMs wall_ms, base::SteadyMs steady_ms) const {
  if (!agreement_) return 0;
  const base::DurationMs since_ms = steady_ms - agreement_->steady_ms;
  return std::min(wall_ms, agreement_->wall_ms + since_ms + kAheadMax);
}

}  // namespace bookstore::order_executor
