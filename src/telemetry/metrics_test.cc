#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bookstore::telemetry {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, CountersGaugesAndHistogramsAreRendered) {
  Registry registry;
  registry.counter("bookstore_orders_total", "Orders by outcome.", {{"outcome", "accepted"}})
      .increment(3);
  registry.gauge("bookstore_queue_length", "Orders that wait.").set(7);
  registry.histogram("bookstore_checkout_ms", "Duration.", {}, {10, 100}).observe(42);
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("# TYPE bookstore_orders_total counter"));
  EXPECT_THAT(text, HasSubstr("bookstore_orders_total{outcome=\"accepted\"} 3"));
  EXPECT_THAT(text, HasSubstr("bookstore_queue_length 7"));
  EXPECT_THAT(text, HasSubstr("bookstore_checkout_ms_bucket{le=\"10\"} 0"));
  EXPECT_THAT(text, HasSubstr("bookstore_checkout_ms_bucket{le=\"100\"} 1"));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  Counter& one = registry.counter("x_total", "X.", {{"a", "1"}});
  EXPECT_EQ(&one, &registry.counter("x_total", "X.", {{"a", "1"}}));
  EXPECT_NE(&one, &registry.counter("x_total", "X.", {{"a", "2"}}));
}

TEST(Metrics, ACollectorBringsInWhatAnotherModuleCounts) {
  Registry registry;
  Counter& calls = registry.counter("calls_total", "Calls.");
  uint64_t count = 5;
  registry.on_collect([&] { calls.raise_to(count); });
  EXPECT_THAT(registry.render(), HasSubstr("calls_total 5"));
  count = 4;  // a counter never falls
  EXPECT_THAT(registry.render(), HasSubstr("calls_total 5"));
  count = 9;
  EXPECT_THAT(registry.render(), HasSubstr("calls_total 9"));
}

}  // namespace
}  // namespace bookstore::telemetry
