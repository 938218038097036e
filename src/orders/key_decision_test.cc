#include "orders/key_decision.h"

#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "orders/order.h"

namespace bookstore::orders {
namespace {

using Verdict = KeyVerdict;

TEST(KeyDecision, AKeyNobodyHasUsedIsNew) {
  EXPECT_EQ(decide_key(std::nullopt).verdict, Verdict::kNew);
}

// Every combination of what a record can say, against the design's table written out by hand.
TEST(KeyDecision, EveryFoundKeyIsAnsweredByTheTable) {
  struct Expected {
    Verdict running, lapsed;
  };
  const std::map<State, Expected> table = {
      {State::kReceived, {Verdict::kInProgress, Verdict::kRetake}},
      {State::kRejected, {Verdict::kReplay, Verdict::kReplay}},
      {State::kInReview, {Verdict::kReplay, Verdict::kReplay}},
      {State::kSubmitting, {Verdict::kAskExecutor, Verdict::kAskExecutor}},
      {State::kAccepted, {Verdict::kReplay, Verdict::kReplay}},
      {State::kExecuting, {Verdict::kReplay, Verdict::kReplay}},
      {State::kCompleted, {Verdict::kReplay, Verdict::kReplay}},
      {State::kFailed, {Verdict::kReplay, Verdict::kReplay}},
      {State::kNeedsAttention, {Verdict::kReplay, Verdict::kReplay}},
      {State::kCanceled, {Verdict::kReplay, Verdict::kReplay}},
  };
  ASSERT_EQ(table.size(), kStateCount);
  for (const auto& [state, expected] : table) {
    const bool undecided =
        state == State::kReceived || state == State::kInReview || state == State::kSubmitting;
    for (const bool same : {false, true}) {
      for (const bool expired : {false, true}) {
        for (const bool reviewed : {false, true}) {
          for (const base::DurationMs lease_left_ms : {0, 1, 4'999}) {
            const FoundKey found{same, expired, state, "order_declined", reviewed, lease_left_ms};
            Verdict want = lease_left_ms > 0 ? expected.running : expected.lapsed;
            if (state == State::kSubmitting && reviewed) want = Verdict::kReplay;
            if (!same) want = Verdict::kReused;
            if (expired && !undecided) want = Verdict::kNew;
            EXPECT_EQ(decide_key(found).verdict, want)
                << to_text(state) << " same=" << same << " expired=" << expired
                << " reviewed=" << reviewed << " lease=" << lease_left_ms;
          }
        }
      }
    }
  }
}

TEST(KeyDecision, InProgressSaysSoonUnlessTheLeaseEndsSooner) {
  FoundKey found{true, false, State::kReceived, "", false, 3'210};
  EXPECT_EQ(decide_key(found).retry_after_ms, 1'000) << "a live attempt is through by then";
  found.lease_left_ms = 321;
  EXPECT_EQ(decide_key(found).retry_after_ms, 321);
}

TEST(KeyDecision, ASubmittingOrderIsWhatTheExecutorSays) {
  using Says = ExecutorSays;
  using Then = SubmittingVerdict;
  struct Case {
    Says says;
    base::DurationMs lease_left_ms;
    Then then;
  };
  for (const Case& c : std::vector<Case>{
           {Says::kKnown, 100, Then::kReplay},
           {Says::kKnown, 0, Then::kReplay},
           {Says::kUnknown, 100, Then::kInProgress},
           {Says::kUnknown, 0, Then::kTakeOver},
           {Says::kUnreachable, 100, Then::kOutcomeUnknown},
           {Says::kUnreachable, 0, Then::kOutcomeUnknown},
       }) {
    EXPECT_EQ(decide_submitting(c.says, c.lease_left_ms), c.then)
        << static_cast<int>(c.says) << " with " << c.lease_left_ms << " ms";
  }
}

TEST(KeyDecisionDeathTest, ARecordOfAFreedKeyIsOurOwnBug) {
  for (const std::string_view reason :
       {kReasonUnavailable, kReasonNoLeader, kReasonQueueFull, kReasonExpired, kReasonAbandoned}) {
    const FoundKey found{true, false, State::kRejected, std::string(reason), false, 0};
    EXPECT_DEATH(decide_key(found), "freed key") << reason;
  }
}

TEST(OrderTotal, IsTheSumOfPriceTimesQuantityOrNothing) {
  const std::vector<Line> lines = {{"a", "A", 2, 1299}, {"b", "B", 1, 50}};
  EXPECT_EQ(total_of(lines, "EUR"), (base::Money{"EUR", 2648}));
  EXPECT_EQ(total_of({{"a", "A", 99, INT64_MAX / 2}}, "EUR"), std::nullopt);
}

}  // namespace
}  // namespace bookstore::orders
