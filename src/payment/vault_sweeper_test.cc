#include "payment/vault_sweeper.h"

#include <gtest/gtest.h>

#include "payment/payments.h"
#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

constexpr postgres::Statement kOrder{
    "INSERT INTO orders.orders (order_id, state, revision, attempt, lease_until, key_scope, "
    "key_hash,"
    " fingerprint, customer_name, customer_email, customer_key, billing_address, shipping_class,"
    " currency, total_minor, answer_body, submit_bytes, accept_before, review_until,"
    " card_token) "
    "VALUES ($1::text, $2, 1, 1, now(), sha256($1::text::bytea), sha256($1::text::bytea),"
    " sha256($1::text::bytea), 'Ada', 'ada@example.org', '', '{a,b,c,d,e,f}', 'standard', 'EUR',"
    " 2599, '', '', now(),"
    " now() + interval '7 days', $3)"};

class VaultSweeperTest : public PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (!IsSkipped()) sql({"DELETE FROM orders.orders"});
  }
  // The card of an order whose row is in this state and names it.
  std::string card_of_order_in(const std::string& state) {
    const std::string order = new_order();
    const std::string token = vault_card(order);
    sql(kOrder, {order, state, token});
    return token;
  }
  bool there(const std::string& token) {
    return !sql({"SELECT FROM payment.vault WHERE token = $1"}, {token}).empty();
  }
  void make_old(const std::string& token) {
    sql({"UPDATE payment.vault SET created_at = now() - interval '61 minutes' WHERE token = $1"},
        {token});
  }
  static VaultSweeper::Config by_hand() { return {.every_ms = 3'600'000, .rows_max = 3}; }
};

TEST_F(VaultSweeperTest, ACardDiesWithItsOrdersEndAndNoSooner) {
  std::vector<std::string> kept, gone;
  for (const char* state :
       {"received", "in_review", "submitting", "accepted", "executing", "needs_attention"}) {
    kept.push_back(card_of_order_in(state));
    make_old(kept.back());  // however long it takes
  }
  for (const char* state : {"rejected", "completed", "failed", "canceled"}) {
    for (int i = 0; i < 2; ++i) gone.push_back(card_of_order_in(state));
  }
  VaultSweeper sweeper(*pool_, by_hand());
  const auto swept = sweeper.sweep(deadline());
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_EQ(swept->ended, 8u);
  EXPECT_EQ(swept->unnamed, 0u);
  for (const auto& token : kept) EXPECT_TRUE(there(token));
  for (const auto& token : gone) EXPECT_FALSE(there(token));
  EXPECT_EQ(sweeper.sweep(deadline())->ended, 0u);
  EXPECT_EQ(sweeper.counters().swept.ended, 8u);
}

TEST_F(VaultSweeperTest, ACardThatNoOrderNamesDiesAfterAnHour) {
  const std::string young = vault_card(new_order());
  const std::string old = vault_card(new_order());
  make_old(old);
  // An order that another attempt checked, with another card.
  const std::string order = new_order();
  const std::string earlier = vault_card(order);
  make_old(earlier);
  sql(kOrder, {order, "accepted", "the later one"});
  VaultSweeper sweeper(*pool_, by_hand());
  const auto swept = sweeper.sweep(deadline());
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_EQ(swept->ended, 0u);
  EXPECT_EQ(swept->unnamed, 2u);
  EXPECT_TRUE(there(young));
  EXPECT_FALSE(there(old));
  EXPECT_FALSE(there(earlier));
}

TEST_F(VaultSweeperTest, APaymentThatEndsWakesIt) {
  VaultSweeper sweeper(*pool_, {.every_ms = 3'600'000, .after_end_ms = 1});
  Payments payments(*pool_, *sandbox_, {.payment_ended = [&] { sweeper.payment_ended(); }});
  const std::string order = new_order();
  const std::string token = vault_card(order);
  sql(kOrder, {order, "completed", token});
  const OrderCall call{order, token, {"EUR", 2599}, {}};
  ASSERT_TRUE(payments.call(Ask::kPrepare, 1, {call}, deadline()).ok());
  EXPECT_TRUE(there(token));
  ASSERT_TRUE(payments.call(Ask::kCommit, 1, {call}, deadline()).ok());
  const auto by = deadline();
  while (there(token)) ASSERT_FALSE(by.passed(clock_));
}

TEST_F(VaultSweeperTest, WithoutItsDatabaseItCountsTheFailureAndGoesOn) {
  postgres::Pool nowhere({"host=/nonexistent", 1}, clock_);
  VaultSweeper sweeper(nowhere, {.every_ms = 1});
  const auto by = deadline();
  while (sweeper.counters().failures < 2) ASSERT_FALSE(by.passed(clock_));
}

}  // namespace
}  // namespace bookstore::payment
