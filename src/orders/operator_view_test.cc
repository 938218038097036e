#include "orders/operator_view.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "orders/store_fixture.h"

namespace bookstore::orders {
namespace {

class OperatorViews : public OrdersStore {
 protected:
  // Ids of one page.
  std::vector<std::string> page(const ListQuery& query) {
    const auto listed = list_orders(database().pool(), query, deadline());
    EXPECT_TRUE(listed.ok()) << listed.status();
    std::vector<std::string> ids;
    if (listed.ok()) {
      for (const ListedOrder& order : *listed) ids.push_back(order.id.value);
    }
    return ids;
  }
  base::OrderId order(State state) {
    const Held held = claim(new_claim("key" + std::to_string(++keys_)));
    if (state == State::kReceived) return held.order_id;
    Outcome written = outcome(held, state, state == State::kRejected ? "order_declined" : "");
    written.fraud_verdict = "review";
    written.fraud_score = 0.75;
    written.fraud_reasons = {"velocity_card"};
    written.policies = {"a_policy"};
    EXPECT_TRUE(write(written));
    return held.order_id;
  }
};

TEST_F(OperatorViews, EverythingButSecretsIsShown) {
  const base::OrderId id = order(State::kInReview);
  const auto view = read_operator_view(database().pool(), id, deadline());
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->order.state, State::kInReview);
  EXPECT_EQ(view->customer.email, "ada@example.org");
  EXPECT_EQ(view->billing_address.country, "GB");
  EXPECT_EQ(view->attempt, 1);
  EXPECT_EQ(view->checked_attempt, 1);
  EXPECT_GT(view->lease_left_ms, 0);
  EXPECT_EQ(view->fraud_score, 0.75);
  EXPECT_EQ(view->fraud_reasons, (std::vector<std::string>{"velocity_card"}));
  EXPECT_EQ(view->policies, (std::vector<std::string>{"a_policy"}));
  EXPECT_TRUE(view->was_in_review);
  constexpr int64_t kDayMs = 86'400'000;
  ASSERT_TRUE(view->review_until_ms && view->key_expires_at_ms);
  EXPECT_NEAR(static_cast<double>(*view->review_until_ms - view->order.updated_at_ms),
              static_cast<double>(7 * kDayMs), 5'000);
  EXPECT_NEAR(static_cast<double>(*view->key_expires_at_ms - view->order.created_at_ms),
              static_cast<double>(kDayMs), 5'000);
  EXPECT_EQ(view->answer_status, 202);
  EXPECT_FALSE(view->reviewed_at_ms || view->accept_before_ms);

  const auto young = read_operator_view(database().pool(), order(State::kReceived), deadline());
  ASSERT_TRUE(young.ok()) << young.status();
  EXPECT_FALSE(young->fraud_score || young->answer_status || young->checked_attempt);
  EXPECT_TRUE(absl::IsNotFound(
      read_operator_view(database().pool(), {"ord_00000000000000000000000000"}, deadline())
          .status()));
}

TEST_F(OperatorViews, OrdersOfOneStateComeInPagesTheLongestWaitingFirst) {
  std::vector<std::string> waiting, decided;
  for (int at = 0; at < 5; ++at) {
    waiting.push_back(order(State::kInReview).value);
    decided.push_back(order(State::kRejected).value);
  }
  std::sort(waiting.begin(), waiting.end());
  std::sort(decided.rbegin(), decided.rend());
  std::vector<std::string> seen;
  for (std::string after;;) {
    const auto ids = page({State::kInReview, after, 2});
    if (ids.empty()) break;
    EXPECT_LE(ids.size(), 2u);
    seen.insert(seen.end(), ids.begin(), ids.end());
    after = ids.back();
  }
  EXPECT_EQ(seen, waiting);
  EXPECT_EQ(page({State::kRejected, "", 100}), decided) << "what has ended: the newest first";
  EXPECT_EQ(page({State::kRejected, decided[1], 2}),
            (std::vector<std::string>{decided[2], decided[3]}));
  EXPECT_TRUE(page({State::kCompleted, "", 100}).empty());
  EXPECT_EQ(page({std::nullopt, "", 100}).size(), 10u);
}

}  // namespace
}  // namespace bookstore::orders
