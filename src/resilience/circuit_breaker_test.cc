#include "resilience/circuit_breaker.h"

#include <gtest/gtest.h>

#include <vector>

namespace bookstore::resilience {
namespace {

using Outcome = CircuitBreaker::Outcome;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  void call(Outcome outcome, base::DurationMs took_ms = 1) {
    const auto permit = breaker_.acquire(now_ms_);
    ASSERT_TRUE(permit);
    now_ms_ += took_ms;
    breaker_.report(*permit, outcome, now_ms_, random_);
  }
  void trip() {
    for (int i = 0; i < 20; ++i) call(Outcome::kFailure);
    ASSERT_EQ(breaker_.state(), State::kOpen);
  }
  void wait_until_open_time_is_over() { now_ms_ += breaker_.retry_after_ms(now_ms_); }

  base::SteadyMs now_ms_ = 1'000'000;
  base::SeededRandom random_{1};
  CircuitBreaker breaker_{CircuitBreaker::Config{}};
};

TEST_F(CircuitBreakerTest, FewFailuresDoNotTripIt) {
  for (int i = 0; i < 19; ++i) call(Outcome::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  call(Outcome::kFailure);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_FALSE(breaker_.acquire(now_ms_));
}

TEST_F(CircuitBreakerTest, FailuresOlderThanTheWindowAreForgotten) {
  for (int i = 0; i < 19; ++i) call(Outcome::kFailure);
  now_ms_ += 11'000;
  for (int i = 0; i < 19; ++i) call(Outcome::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, SlowCallsTripItToo) {
  for (int i = 0; i < 20 && breaker_.state() == State::kClosed; ++i) {
    const auto permit = breaker_.acquire(now_ms_);
    breaker_.report(*permit, Outcome::kSuccess, now_ms_ + 1'000, random_);
  }
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, ThreeGoodTrialsCloseItAndOneBadOneOpensItForLonger) {
  trip();
  const base::DurationMs first_ms = breaker_.retry_after_ms(now_ms_);
  wait_until_open_time_is_over();
  call(Outcome::kFailure);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_GT(breaker_.retry_after_ms(now_ms_), first_ms);
  wait_until_open_time_is_over();
  for (int i = 0; i < 3; ++i) call(Outcome::kSuccess);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, AResultOfAnEarlierGenerationDecidesNothing) {
  const auto slow_call = breaker_.acquire(now_ms_);
  trip();
  wait_until_open_time_is_over();
  const auto trial = breaker_.acquire(now_ms_);
  ASSERT_TRUE(trial);
  breaker_.report(*slow_call, Outcome::kFailure, now_ms_, random_);
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
}

TEST_F(CircuitBreakerTest, TrialsThatNeverReportDoNotBlockItForEver) {
  trip();
  wait_until_open_time_is_over();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(breaker_.acquire(now_ms_));
  EXPECT_FALSE(breaker_.acquire(now_ms_));
  now_ms_ += CircuitBreaker::Config{}.trial_lease_ms;
  EXPECT_TRUE(breaker_.acquire(now_ms_));
}

// Random histories: somebody is always admitted within open time + lease.
TEST_F(CircuitBreakerTest, ItIsNeverStuck) {
  const CircuitBreaker::Config config;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CircuitBreaker breaker{config};
    base::SeededRandom random(seed);
    base::SteadyMs now_ms = 0, last_admitted_ms = 0;
    std::vector<CircuitBreaker::Permit> running;
    for (int step = 0; step < 1000; ++step) {
      now_ms += static_cast<base::DurationMs>(random.below(400));
      if (const auto permit = breaker.acquire(now_ms)) {
        last_admitted_ms = now_ms;
        running.push_back(*permit);
      }
      ASSERT_LE(now_ms - last_admitted_ms,
                config.open_max_ms * 12 / 10 + config.trial_lease_ms + 400)
          << "seed " << seed << " step " << step;
      if (!running.empty() && random.below(3) != 0) {
        const size_t pick = random.below(running.size());
        breaker.report(running[pick], static_cast<Outcome>(random.below(3)), now_ms, random);
        running.erase(running.begin() + static_cast<long>(pick));
      }
      if (random.below(5) == 0) running.clear();  // callers that died
    }
  }
}

}  // namespace
}  // namespace bookstore::resilience
