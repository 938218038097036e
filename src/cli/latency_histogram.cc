#include "cli/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bookstore::cli {
namespace {

// Below it every value has a bucket; above, each power of two is cut into kHalf of them.
constexpr uint64_t kExact = 256;
constexpr uint64_t kHalf = kExact / 2;

size_t bucket_of(uint64_t value) {
  if (value < kExact) return value;
  const auto shift = static_cast<uint64_t>(std::bit_width(value) - std::bit_width(kExact - 1));
  return shift * kHalf + (value >> shift);
}

// The largest value of the bucket.
uint64_t upper_bound(size_t bucket) {
  if (bucket < kExact) return bucket;
  const uint64_t shift = bucket / kHalf - 1;
  return ((bucket - shift * kHalf + 1) << shift) - 1;
}

}  // namespace

void LatencyHistogram::record(int64_t duration_us) {
  const int64_t value = std::max<int64_t>(0, duration_us);
  const size_t bucket = bucket_of(static_cast<uint64_t>(value));
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  max_us_ = std::max(max_us_, value);
}

int64_t LatencyHistogram::quantile_us(double fraction) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (counts_[bucket] > 0 && seen >= wanted) {
      return std::min(max_us_, static_cast<int64_t>(upper_bound(bucket)));
    }
  }
  return max_us_;
}

}  // namespace bookstore::cli
