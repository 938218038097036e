#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bookstore::cli {

// Counts durations in buckets whose width grows with the value, so that microseconds and minutes
// fit and every quantile is at most 1 % too high, never too low. One thread.
class LatencyHistogram {
 public:
  void record(int64_t duration_us);  // negative counts as 0
  uint64_t count() const { return count_; }
  // The smallest bound that `fraction` of all durations do not exceed; 0 when there are none.
  // 1 gives the largest exactly.
  int64_t quantile_us(double fraction) const;
  int64_t max_us() const { return max_us_; }

 private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t max_us_ = 0;
};

}  // namespace bookstore::cli
