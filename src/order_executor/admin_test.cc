// What an operator may do with an order, in every place an order can be.
#include "order_executor/admin.h"

#include <gtest/gtest.h>

namespace bookstore::order_executor {
namespace {

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    apply(
        Submit{id_, {{"book", 1}}, {"EUR", 100}, "token", ShippingClass::kStandard, "", 1'000'000});
  }
  void apply(Command command) {
    ++index_;
    EXPECT_EQ(machine_.apply(index_, {kNow, std::move(command)}).verdict, Verdict::kApplied);
  }
  void begin() { apply(Begin{{id_}}); }
  void decide(Decision decision) { apply(Decide{id_, decision, AbortScope::kBoth, "no", ""}); }
  void park(ParkKind kind) { apply(Park{id_, kind, "payment: strange", ""}); }

  // The entry that would be proposed, or the code of the refusal.
  static std::string outcome(const Plan& plan) {
    if (const auto* refusal = std::get_if<Refusal>(&plan)) {
      EXPECT_NE(refusal->sentence, "");
      return refusal->code;
    }
    return command_name(std::get<Command>(plan));
  }
  std::string retry() { return outcome(plan_retry(machine_, id_)); }
  std::string abort() { return outcome(plan_abort(machine_, id_)); }
  // Carries the plan out.
  void carry_out(const Plan& plan) { apply(std::get<Command>(plan)); }
  OrderDetail detail() { return *describe(machine_, TwoPhase({}), id_, 0); }

  static constexpr base::WallMs kNow = 500'000;
  const base::OrderId id_{"a"};
  OrderMachine machine_;
  uint64_t index_ = 0;
};

TEST_F(AdminTest, AnUnknownOrderIsCalledSo) {
  EXPECT_EQ(outcome(plan_retry(machine_, {"b"})), "unknown_order");
  EXPECT_EQ(outcome(plan_abort(machine_, {"b"})), "unknown_order");
  EXPECT_FALSE(describe(machine_, TwoPhase({}), {"b"}, 0).has_value());
}

TEST_F(AdminTest, AWaitingOrderIsCanceled) {
  EXPECT_EQ(retry(), "not_parked");
  EXPECT_EQ(abort(), "cancel");
  carry_out(plan_abort(machine_, id_));
  EXPECT_EQ(machine_.order(id_)->state, State::kCanceled);
  EXPECT_EQ(retry(), "finished");
  EXPECT_EQ(abort(), "finished");
}

TEST_F(AdminTest, AnUndecidedOrderIsDecidedAbort) {
  begin();
  EXPECT_EQ(retry(), "not_parked");
  EXPECT_EQ(abort(), "decide");
  carry_out(plan_abort(machine_, id_));
  EXPECT_EQ(machine_.order(id_)->decision, Decision::kAbort);
  EXPECT_EQ(abort(), "decided_abort");
}

TEST_F(AdminTest, WhatIsDecidedCommitIsNeverAborted) {
  begin();
  decide(Decision::kCommit);
  EXPECT_EQ(abort(), "decided_commit");
  park(ParkKind::kContradiction);
  EXPECT_EQ(abort(), "decided_commit");
  EXPECT_EQ(retry(), "resume");
}

TEST_F(AdminTest, UnlessItsCaptureWasRefusedForGood) {
  begin();
  decide(Decision::kCommit);
  park(ParkKind::kCaptureRefused);
  EXPECT_EQ(retry(), "resume");
  EXPECT_EQ(abort(), "fail");
  carry_out(plan_abort(machine_, id_));
  EXPECT_EQ(machine_.order(id_)->decision, Decision::kAbort);
  EXPECT_EQ(machine_.order(id_)->abort_scope, AbortScope::kBoth);
}

TEST_F(AdminTest, AParkedUndecidedOrderMayBeRetriedOrAborted) {
  begin();
  park(ParkKind::kContradiction);
  EXPECT_EQ(retry(), "resume");
  EXPECT_EQ(abort(), "decide");
  carry_out(plan_abort(machine_, id_));
  EXPECT_EQ(machine_.order(id_)->state, State::kExecuting);
}

TEST_F(AdminTest, AParkedAbortIsOnlyRetried) {
  begin();
  decide(Decision::kAbort);
  park(ParkKind::kContradiction);
  EXPECT_EQ(abort(), "decided_abort");
  EXPECT_EQ(retry(), "resume");
}

TEST_F(AdminTest, ARetiredOrderHasEnded) {
  begin();
  decide(Decision::kCommit);
  apply(Finish{id_, ""});
  apply(Retire{{{id_, 0}}});
  EXPECT_EQ(retry(), "finished");
  EXPECT_EQ(abort(), "finished");
  EXPECT_TRUE(detail().retired);
  EXPECT_EQ(detail().known.state, State::kCompleted);
}

TEST_F(AdminTest, TheDescriptionSaysWhereInTheQueueAndWhatWouldBeDone) {
  apply(Submit{{"b"}, {}, {"EUR", 1}, "t", ShippingClass::kEconomy, "", 1'000'000});
  apply(Submit{{"c"}, {}, {"EUR", 1}, "t", ShippingClass::kExpress, "", 1'000'000});
  EXPECT_EQ(describe(machine_, TwoPhase({}), {"c"}, 0)->queue_place, 1u);
  EXPECT_EQ(describe(machine_, TwoPhase({}), {"b"}, 0)->queue_place, 3u);
  EXPECT_EQ(detail().queue_place, 2u);
  EXPECT_EQ(detail().queue_length, 3u);
  EXPECT_EQ(detail().abort_refusal, "");
  EXPECT_NE(detail().retry_refusal, "");
  begin();
  EXPECT_EQ(detail().queue_place, 0u);
  decide(Decision::kCommit);
  park(ParkKind::kCaptureRefused);
  EXPECT_EQ(detail().decision, Decision::kCommit);
  EXPECT_EQ(detail().parked, ParkKind::kCaptureRefused);
  EXPECT_EQ(detail().retry_refusal, "");
  EXPECT_EQ(detail().since_ms, kNow);
}

TEST_F(AdminTest, TheDescriptionSaysWhatAnOrderWaitsFor) {
  TwoPhase two_phase({});
  begin();
  const Duties duties = two_phase.step(machine_, 0);
  ASSERT_EQ(duties.sends.size(), 1u);
  auto detail = *describe(machine_, two_phase, id_, 0);
  EXPECT_EQ(detail.progress->waits_for, "inventory prepare");
  EXPECT_TRUE(detail.progress->asked);
  two_phase.on_unavailable(duties.sends[0], 0);
  detail = *describe(machine_, two_phase, id_, 0);
  EXPECT_FALSE(detail.progress->asked);
  EXPECT_TRUE(detail.inventory_paused);
  EXPECT_FALSE(detail.payment_paused);
  EXPECT_GT(detail.progress->next_try_in_ms, 0);
}

}  // namespace
}  // namespace bookstore::order_executor
