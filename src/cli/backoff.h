#pragma once

#include "base/clock.h"
#include "base/random.h"

namespace bookstore::cli {

inline constexpr base::DurationMs kRestartDelayMinMs = 100;
inline constexpr base::DurationMs kRestartDelayMaxMs = 10'000;
// A service that ran this long is taken for healthy: its next failure starts at the minimum.
inline constexpr base::DurationMs kStableAfterMs = 30'000;

// How long to wait before a service that ended is started again: doubled with each failure in a
// row, between half and the whole of it by chance, so that services that fell together do not
// come back together.
class Backoff {
 public:
  explicit Backoff(base::DurationMs delay_max_ms = kRestartDelayMaxMs)
      : delay_max_ms_(delay_max_ms) {}

  base::DurationMs next_delay_ms(base::DurationMs ran_ms, base::Random& random);

 private:
  base::DurationMs delay_max_ms_;
  int failures_ = 0;  // in a row, without a stable run between
};

}  // namespace bookstore::cli
