// A review at the store: whoever compares (in_review, revision) first decides, and nobody after.
#include <atomic>
#include <thread>
#include <vector>

#include "orders/store_fixture.h"

namespace bookstore::orders {
namespace {

class Review : public OrdersStore {
 protected:
  base::OrderId in_review() {
    const Held held = claim(new_claim("review" + std::to_string(++keys_)));
    Outcome waiting = outcome(held, State::kInReview);
    waiting.card_token = "tok";
    waiting.answer = {202, R"({"status":"in_review"})"};
    EXPECT_TRUE(write(waiting));
    return held.order_id;
  }
  Reviewed look(const base::OrderId& id) {
    auto order = store_->read_review(id, deadline());
    EXPECT_TRUE(order.ok()) << order.status();
    return order.value_or(Reviewed{});
  }
  ReviewDecision approval(const Reviewed& order) {
    return {.order_id = order.order_id,
            .revision = order.revision,
            .to = State::kSubmitting,
            .reason = "",
            .by = "ada",
            .note = "a good customer",
            .clock = std::string("\x01\x00", 2),
            .lease_ms = 5'000,
            .submit_bytes = "approved",
            .accept_before_ms = order.database_ms + 120'000};
  }
  ReviewDecision refusal(const Reviewed& order, std::string_view reason = kReasonReviewDeclined) {
    return {.order_id = order.order_id,
            .revision = order.revision,
            .to = State::kRejected,
            .reason = std::string(reason),
            .by = "ada",
            .note = "",
            .clock = std::string("\x01\x00", 2)};
  }
  std::optional<int32_t> decide(const ReviewDecision& decision) {
    const auto attempt = store_->decide_review(decision, deadline());
    EXPECT_TRUE(attempt.ok()) << attempt.status();
    return attempt.value_or(std::nullopt);
  }
  static void days_pass(int days) {
    sql("UPDATE orders.orders SET review_until = review_until - interval '" + std::to_string(days) +
        " days'");
  }
};

TEST_F(Review, AnOrderIsReadWithAllThatItsSubmitIsMadeOf) {
  const base::OrderId id = in_review();
  const Reviewed order = look(id);
  EXPECT_EQ(order.state, State::kInReview);
  EXPECT_EQ(order.revision, 2);
  EXPECT_EQ(order.lines, new_claim().lines);
  EXPECT_EQ(order.total, (base::Money{"EUR", 2599}));
  EXPECT_EQ(order.shipping_class, ShippingClass::kExpress);
  EXPECT_EQ(order.card_token, "tok");
  EXPECT_NEAR(static_cast<double>(order.database_ms), static_cast<double>(clock_.wall_ms()), 5'000);
  EXPECT_EQ(store_->read_review({"ord_00000000000000000000000000"}, deadline()).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(Review, AnApprovedOrderIsSubmittingUnderANewAttemptAndANewLease) {
  const base::OrderId id = in_review();
  lapse_leases();  // of the checkout, days ago
  const Reviewed order = look(id);
  EXPECT_EQ(decide(approval(order)), 2);
  EXPECT_EQ(read(id).state, State::kSubmitting);
  EXPECT_EQ(read(id).revision, 3);
  EXPECT_TRUE(store_->take_over_lapsed(100, 5'000, 120'000, deadline())->empty())
      << "whoever approved submits first";
  EXPECT_TRUE(*store_->accept(id, 2, 7, std::string("\x01\x00", 2), deadline()));
}

TEST_F(Review, ADeclinedOrderKeepsItsKeyAndItsFirstAnswer) {
  const Claim claimed = new_claim();
  const Held held = claim(claimed);
  Outcome waiting = outcome(held, State::kInReview);
  waiting.answer = {202, "the shopper's 202"};
  ASSERT_TRUE(write(waiting));
  EXPECT_TRUE(decide(refusal(look(held.order_id))));
  const Order order = read(held.order_id);
  EXPECT_EQ(order.state, State::kRejected);
  EXPECT_EQ(order.reason, kReasonReviewDeclined);
  const auto record = find(claimed);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(decide_key(record->found).verdict, KeyVerdict::kReplay);
  EXPECT_EQ(record->answer.status, 202);
  EXPECT_EQ(record->answer.body, "the shopper's 202");
}

TEST_F(Review, OfManyDecisionsAtOnceOneCounts) {
  const base::OrderId id = in_review();
  const Reviewed order = look(id);
  std::atomic<int> won{0};
  std::vector<std::thread> operators;
  for (int at = 0; at < 6; ++at) {
    operators.emplace_back([&, approves = at % 2 == 0] {
      if (decide(approves ? approval(order) : refusal(order))) ++won;
    });
  }
  for (std::thread& each : operators) each.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(read(id).revision, 3);
}

TEST_F(Review, ADecisionAboutAnotherRevisionOrADecidedOrderIsLost) {
  const base::OrderId id = in_review();
  const Reviewed order = look(id);
  ReviewDecision stale = approval(order);
  ++stale.revision;
  EXPECT_FALSE(decide(stale));
  EXPECT_TRUE(decide(refusal(order)));
  EXPECT_FALSE(decide(approval(order)));
  EXPECT_FALSE(decide(approval(look(id)))) << "the revision alone is not enough";
  EXPECT_EQ(read(id).state, State::kRejected);
}

TEST_F(Review, OnlyWhatNobodyDecidedForSevenDaysIsOverdue) {
  const base::OrderId old = in_review();
  days_pass(4);
  const base::OrderId young = in_review();
  EXPECT_TRUE(store_->overdue_reviews(10, deadline())->empty());
  days_pass(3);
  const auto overdue = store_->overdue_reviews(10, deadline());
  ASSERT_TRUE(overdue.ok()) << overdue.status();
  ASSERT_EQ(overdue->size(), 1u);
  EXPECT_EQ(overdue->front().order_id, old);
  EXPECT_EQ(read(young).state, State::kInReview);
}

// The accept_before of the approval has passed while no executor could be reached.
TEST_F(Review, TheTakeOverOfAnApprovedOrderWritesANewAcceptBefore) {
  const base::OrderId approved = in_review();
  ReviewDecision decision = approval(look(approved));
  decision.accept_before_ms -= 1'000'000;
  ASSERT_TRUE(decide(decision));
  const Held plain = submitting();
  lapse_leases();
  const auto taken = store_->take_over_lapsed(10, 5'000, 120'000, deadline());
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(taken->size(), 2u);
  for (const TakenOver& order : *taken) {
    const bool is_plain = order.order_id == plain.order_id;
    EXPECT_EQ(order.was_in_review, !is_plain);
    const auto row = database().pool().query(
        {"SELECT (extract(epoch FROM accept_before) * 1000)::bigint AS ms FROM orders.orders "
         "WHERE order_id = $1"},
        {order.order_id.value}, deadline());
    EXPECT_EQ(order.accept_before_ms, (*row)[0].int64("ms")) << "in the row before it is sent";
    if (is_plain) {
      EXPECT_EQ(order.accept_before_ms, plain.database_ms + 120'000) << "as it was submitted";
    } else {
      EXPECT_GT(order.accept_before_ms, clock_.wall_ms() + 60'000);
    }
  }
}

TEST_F(Review, AnApprovedOrderIsNeverRejectedForWantOfALeaderOrOfTime) {
  const base::OrderId id = in_review();
  ASSERT_TRUE(decide(approval(look(id))));
  for (const std::string_view reason : {kReasonNoLeader, kReasonQueueFull, kReasonExpired}) {
    EXPECT_FALSE(*store_->reject_submitting(id, 2, reason, {503, "{}"}, deadline())) << reason;
  }
  EXPECT_EQ(read(id).state, State::kSubmitting);
}

}  // namespace
}  // namespace bookstore::orders
