#include "cli/latency_histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace bookstore::cli {
namespace {

TEST(LatencyHistogram, HasNothingToSayOfNothing) {
  const LatencyHistogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.quantile_us(0.99), 0);
}

TEST(LatencyHistogram, SmallDurationsAreExact) {
  LatencyHistogram histogram;
  for (int64_t us = 1; us <= 100; ++us) histogram.record(us);
  EXPECT_EQ(histogram.quantile_us(0.50), 50);
  EXPECT_EQ(histogram.quantile_us(0.99), 99);
  EXPECT_EQ(histogram.quantile_us(1), 100);
}

TEST(LatencyHistogram, AClockThatStepsBackCountsAsNothing) {
  LatencyHistogram histogram;
  histogram.record(-5);
  EXPECT_EQ(histogram.quantile_us(1), 0);
}

RC_GTEST_PROP(LatencyHistogram, AQuantileIsNeverTooLowAndAtMostOnePercentTooHigh, ()) {
  // From microseconds to an hour, as often short as long.
  const auto exponents = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(
      rc::gen::map(rc::gen::inRange(0, 95'000), [](int x) { return x / 10'000.0; })));
  std::vector<int64_t> durations;
  LatencyHistogram histogram;
  for (const double exponent : exponents) {
    durations.push_back(static_cast<int64_t>(std::pow(10.0, exponent)));
    histogram.record(durations.back());
  }
  std::sort(durations.begin(), durations.end());
  for (const double fraction : {0.0, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double rank = std::ceil(fraction * static_cast<double>(durations.size()));
    const int64_t exact = durations[static_cast<size_t>(std::max(1.0, rank)) - 1];
    const int64_t told = histogram.quantile_us(fraction);
    RC_ASSERT(told >= exact);
    RC_ASSERT(static_cast<double>(told) <= static_cast<double>(exact) * 1.01);
  }
  RC_ASSERT(histogram.quantile_us(1) == durations.back());
}

}  // namespace
}  // namespace bookstore::cli
