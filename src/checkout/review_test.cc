// Orders that a person decides about: what the executor gets, what the shopper hears, and that no
// crash, no leader and no other operator changes the one decision.
#include "checkout/review.h"

#include <latch>

#include "checkout/runner_fixture.h"
#include "gmock/gmock.h"

namespace bookstore::checkout {
namespace {

using testing::HasSubstr;

class ReviewTest : public RunnerTest {
 protected:
  void SetUp() override {
    RunnerTest::SetUp();
    if (IsSkipped()) return;
    set([](FakeServices::Answers& answers) {
      answers.score = [](rpc::ServerCall&, const auto&) {
        contracts::fraud::ScoreOrderReply reply;
        reply.set_verdict(contracts::fraud::VERDICT_REVIEW);
        reply.set_score(0.6);
        return reply;
      };
    });
    first_ = checkout();
    ASSERT_EQ(text(parse(first_), "status"), "in_review") << first_.body;
    id_ = only_order().id;
  }

  ReviewVerdict decide(bool approve, std::optional<int64_t> revision = std::nullopt) {
    std::promise<absl::StatusOr<ReviewVerdict>> promise;
    platform_->runner.review(
        {.order_id = id_, .approve = approve, .revision = revision, .by = "ada", .note = "why"},
        [&](absl::StatusOr<ReviewVerdict> verdict) { promise.set_value(std::move(verdict)); });
    const auto verdict = promise.get_future().get();
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict.value_or(ReviewVerdict::kStale);
  }
  using Submit = decltype(FakeServices::Answers::submit);
  // From now on; gives what answered so far.
  Submit submit_answers(contracts::executor::SubmitOutcome outcome) {
    Submit before;
    set([&](FakeServices::Answers& answers) {
      before = std::exchange(answers.submit, [outcome](const auto&) {
        contracts::executor::SubmitReply reply;
        reply.set_outcome(outcome);
        return reply;
      });
    });
    return before;
  }
  int64_t accept_before_ms() {
    return sql("SELECT (extract(epoch FROM accept_before) * 1000)::bigint AS ms "
               "FROM orders.orders")[0]
        .int64("ms");
  }
  void expect_the_shopper_hears_the_first_answer() {
    const Answer again = checkout();
    EXPECT_EQ(again.status, 202);
    EXPECT_EQ(again.body, first_.body);
    EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
  }

  Answer first_;
  base::OrderId id_;
};

TEST_F(ReviewTest, AnApprovedOrderIsSubmittedAsTheCheckoutWouldHave) {
  EXPECT_EQ(services().submits(), 0u);
  EXPECT_EQ(decide(true, 2), ReviewVerdict::kDecided);
  const orders::Order order = only_order();
  EXPECT_EQ(order.state, State::kAccepted);
  EXPECT_EQ(order.revision, 4);
  ASSERT_EQ(services().submitted().size(), 1u);
  const auto request = services().submitted().at(id_.value);
  EXPECT_EQ(request.amount().minor(), 2'598);
  ASSERT_EQ(request.lines_size(), 1);
  EXPECT_EQ(request.lines(0).quantity(), 2u);
  EXPECT_EQ(request.card_token(), "tok_" + id_.value);
  EXPECT_EQ(request.accept_before_ms(), accept_before_ms());
  const auto clock = causality::VectorClock::decode(request.clock());
  ASSERT_TRUE(clock.has_value());
  EXPECT_GE(clock->at("verification"), 6u) << "the history of the checks goes on";
  expect_the_shopper_hears_the_first_answer();
  EXPECT_EQ(platform_->runner.counters().reviews_approved, 1u);
}

TEST_F(ReviewTest, ADeclinedOrderIsNeverSubmittedAndItsAnswerStays) {
  EXPECT_EQ(decide(false), ReviewVerdict::kDecided);
  EXPECT_EQ(only_order().state, State::kRejected);
  EXPECT_EQ(only_order().reason, "review_declined");
  EXPECT_EQ(services().submits(), 0u);
  expect_the_shopper_hears_the_first_answer();
  const auto row = sql("SELECT reviewed_by, review_note FROM orders.orders");
  EXPECT_EQ(row[0].text("reviewed_by"), "ada");
  EXPECT_EQ(row[0].text("review_note"), "why");
}

TEST_F(ReviewTest, TheSecondDecisionIsAConflictWhateverItSays) {
  EXPECT_EQ(decide(true), ReviewVerdict::kDecided);
  EXPECT_EQ(decide(false), ReviewVerdict::kNotInReview);
  EXPECT_EQ(decide(true), ReviewVerdict::kNotInReview);
  EXPECT_EQ(services().submits(), 1u);
}

TEST_F(ReviewTest, ADecisionIsAboutTheRevisionThatWasLookedAt) {
  EXPECT_EQ(decide(true, 1), ReviewVerdict::kStale);
  EXPECT_EQ(only_order().state, State::kInReview);
  id_.value.back() = id_.value.back() == 'Z' ? 'Y' : 'Z';
  EXPECT_EQ(decide(true), ReviewVerdict::kNoSuchOrder);
}

// The orchestrator dies after the decision and before the Submit, and nobody finds a leader until
// long after the first accept_before: another orchestrator submits it all the same.
TEST_F(ReviewTest, AnApprovedOrderSurvivesItsOrchestratorAndItsAcceptBefore) {
  const auto order = platform_->orders.read_review(id_, deadline());
  ASSERT_TRUE(order.ok()) << order.status();
  orders::ReviewDecision approved{.order_id = id_, .revision = order->revision};
  approved.to = State::kSubmitting;
  approved.by = "ada";
  approved.clock = order->clock;
  approved.accept_before_ms = order->database_ms - 1'000;
  contracts::executor::SubmitRequest stored;
  stored.set_order_id(id_.value);
  stored.set_card_token(order->card_token);
  stored.set_accept_before_ms(approved.accept_before_ms);
  approved.submit_bytes = stored.SerializeAsString();
  ASSERT_TRUE(platform_->orders.decide_review(approved, deadline())->has_value());

  std::latch submitted(1);
  set([&](FakeServices::Answers& answers) {
    answers.submit = [&, good = answers.submit](const auto& request) {
      EXPECT_EQ(request.accept_before_ms(), accept_before_ms()) << "in the row before it is sent";
      EXPECT_GT(request.accept_before_ms(), platform_->clock.wall_ms() + 60'000);
      submitted.count_down();
      return good(request);
    };
  });
  platform_->runner.start_takeover();
  submitted.wait();
  while (only_order().state == State::kSubmitting) std::this_thread::yield();
  EXPECT_EQ(only_order().state, State::kAccepted);
  expect_the_shopper_hears_the_first_answer();
}

TEST_F(ReviewTest, AnApprovedOrderWaitsForALeaderAndIsNeverRejected) {
  const auto good = submit_answers(contracts::executor::SUBMIT_OUTCOME_QUEUE_FULL);
  EXPECT_EQ(decide(true), ReviewVerdict::kDecided);
  EXPECT_EQ(only_order().state, State::kSubmitting);

  submit_answers(contracts::executor::SUBMIT_OUTCOME_EXPIRED);
  lapse_leases();
  platform_->runner.start_takeover();
  while (services().submits() < 2) std::this_thread::yield();
  set([&](FakeServices::Answers& answers) { answers.submit = good; });
  while (only_order().state == State::kSubmitting) lapse_leases();
  EXPECT_EQ(only_order().state, State::kAccepted);
  EXPECT_EQ(count("orders.idempotency_key"), 1);
}

TEST_F(ReviewTest, WhatNobodyDecidedInTimeIsDeclinedBySweep) {
  sql("UPDATE orders.orders SET review_until = now() - interval '1 second'");
  platform_->runner.start_takeover();
  while (only_order().state == State::kInReview) std::this_thread::yield();
  EXPECT_EQ(only_order().reason, "review_overdue");
  EXPECT_EQ(decide(true), ReviewVerdict::kNotInReview) << "too late";
  EXPECT_EQ(services().submits(), 0u);
  expect_the_shopper_hears_the_first_answer();
  EXPECT_EQ(platform_->runner.counters().reviews_overdue, 1u);
}

}  // namespace
}  // namespace bookstore::checkout
