#include "orchestrator/options.h"

#include <gtest/gtest.h>

namespace bookstore::orchestrator {
namespace {

TEST(Options, TheHousesNumbersAreWhatTheRunnerHasByItself) {
  Options options;
  ASSERT_TRUE(options.settle().ok());
  const checkout::Runner::Config house;
  EXPECT_EQ(options.runner.checks_ms, house.checks_ms);
  EXPECT_EQ(options.runner.lease_ms, house.lease_ms);
  EXPECT_EQ(options.runner.active_max, house.active_max);
}

TEST(Options, ALongerRequestHasALongerLease) {
  Options options;
  options.runner.request_ms = 30'000;
  ASSERT_TRUE(options.settle().ok());
  EXPECT_GT(options.runner.lease_ms, options.runner.request_ms);
  EXPECT_LT(options.runner.checks_ms, options.runner.request_ms);
}

TEST(Options, ANameThatNoClockTakesIsRefused) {
  Options options;
  options.runner.host = "Orchestrator 1";
  EXPECT_EQ(options.settle().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Options, FraudAndSuggestionsMayBeAway) {
  for (const auto& service : Options().dependencies()) {
    EXPECT_EQ(service.required, service.name != "fraud" && service.name != "suggestions")
        << service.name;
  }
}

}  // namespace
}  // namespace bookstore::orchestrator
