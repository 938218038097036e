#include "cli/backoff.h"

#include <algorithm>

namespace bookstore::cli {

base::DurationMs Backoff::next_delay_ms(base::DurationMs ran_ms, base::Random& random) {
  if (ran_ms >= kStableAfterMs) failures_ = 0;
  const int doublings = std::min(failures_, 10);
  ++failures_;
  const base::DurationMs full_ms =
      std::min(delay_max_ms_, kRestartDelayMinMs * (base::DurationMs{1} << doublings));
  const base::DurationMs half_ms = full_ms / 2;
  return half_ms + static_cast<base::DurationMs>(random.below(static_cast<uint64_t>(half_ms) + 1));
}

}  // namespace bookstore::cli
