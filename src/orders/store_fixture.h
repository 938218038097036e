#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/random.h"
#include "orders/store.h"
#include "postgres/test_database.h"

namespace bookstore::orders {

using postgres::TestDatabase;

// For tests of the store: an empty schema, and orders brought to where a test begins.
class OrdersStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    store_.emplace(database().pool());
    sql("TRUNCATE orders.orders CASCADE");
  }
  static TestDatabase& database() { return TestDatabase::shared(); }
  static base::Deadline deadline() { return database().deadline(); }
  static void sql(const std::string& text) {
    auto lease = database().pool().acquire(deadline());
    ASSERT_TRUE(lease.ok()) << lease.status();
    const absl::Status status = (*lease)->run(text, deadline());
    ASSERT_TRUE(status.ok()) << status;
  }
  // The database's clock moves on for the leases and keys that exist.
  static void lapse_leases(const std::string& by = "1 minute") {
    sql("UPDATE orders.orders SET lease_until = lease_until - interval '" + by + "'");
  }
  static void expire_keys() {
    sql("UPDATE orders.idempotency_key SET expires_at = expires_at - interval '25 hours'");
  }

  Claim new_claim(const std::string& key_name = "key") {
    Claim claim;
    claim.order_id = base::make_order_id(clock_, random_);
    claim.key = {std::string(32, 's'), key_name + std::string(32 - key_name.size(), '.')};
    claim.fingerprint = std::string(32, 'f');
    claim.customer_key = std::string(32, 'c');
    claim.customer = {"Ada Lovelace", "ada@example.org"};
    claim.billing_address = {"12 St James's Square", "", "London", "", "SW1Y 4JH", "GB"};
    claim.shipping_class = ShippingClass::kExpress;
    claim.lines = {{"bk_0002", "Second, \"quoted\"", 2, 1250}, {"bk_0001", "First", 1, 99}};
    claim.total = {"EUR", 2599};
    claim.lease_ms = 5'000;
    return claim;
  }
  Held claim(const Claim& claim) {
    auto held = store_->claim(claim, deadline());
    EXPECT_TRUE(held.ok()) << held.status();
    return held.value_or(Held{});
  }
  static Outcome outcome(const Held& held, State to, const std::string& reason = "") {
    Outcome outcome;
    outcome.order_id = held.order_id;
    outcome.attempt = held.attempt;
    outcome.to = to;
    outcome.reason = reason;
    outcome.answer = {202, R"({"status":"accepted"})"};
    outcome.submit_bytes = std::string("sub\0mit", 7);
    outcome.accept_before_ms = held.database_ms + 120'000;
    outcome.clock = std::string("\x01\x00", 2);
    return outcome;
  }
  bool write(const Outcome& outcome) {
    const auto won = store_->write_outcome(outcome, deadline());
    EXPECT_TRUE(won.ok()) << won.status();
    return won.value_or(false);
  }
  Held submitting() {
    const Held held = claim(new_claim("key" + std::to_string(++keys_)));
    EXPECT_TRUE(write(outcome(held, State::kSubmitting)));
    return held;
  }
  std::optional<KeyRecord> find(const Claim& claim) {
    auto record = store_->find_key(claim.key, claim.fingerprint, deadline());
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *record : std::nullopt;
  }
  Order read(const base::OrderId& id) {
    auto order = store_->read(id, deadline());
    EXPECT_TRUE(order.ok()) << order.status();
    return order.value_or(Order{});
  }

  base::SystemClock clock_;
  base::SeededRandom random_{11};
  std::optional<Store> store_;  // made in SetUp: there may be no database
  int keys_ = 0;
};

}  // namespace bookstore::orders
