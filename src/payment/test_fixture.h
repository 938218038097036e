#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/random.h"
#include "payment/sandbox.h"
#include "payment/vault.h"
#include "postgres/test_database.h"

namespace bookstore::payment {

// Payment's two sides on a real PostgreSQL: our rows, and the sandbox on connections of its own.
class PaymentFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!postgres::TestDatabase::available()) GTEST_SKIP() << postgres::TestDatabase::kSkipReason;
    // Durability is the server's business; these tests ask for thousands of commits.
    const std::string conninfo = absl::StrCat(postgres::TestDatabase::shared().conninfo(),
                                              " options='-c synchronous_commit=off'");
    pool_ = std::make_unique<postgres::Pool>(postgres::PoolOptions{conninfo, 8}, clock_);
    sandbox_pool_ = std::make_unique<postgres::Pool>(postgres::PoolOptions{conninfo, 8}, clock_);
    sandbox_ = std::make_unique<SandboxProvider>(*sandbox_pool_, random_);
    sql(
        {"TRUNCATE payment.vault, payment.participant, payment.ledger, payment.key_check,"
         " sandbox.operation"});
    sql({"UPDATE payment.fence SET highest = 0"});
  }

  base::Deadline deadline() const { return base::Deadline::after(clock_, 20'000); }
  base::Deadline in_ms(base::DurationMs ms) const { return base::Deadline::after(clock_, ms); }
  postgres::Result sql(postgres::Statement statement, std::vector<postgres::Param> params = {}) {
    auto result = pool_->query(statement, std::move(params), deadline());
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  std::string new_order() { return base::make_order_id(clock_, random_).value; }

  // The token of a card in the vault for this order.
  std::string vault_card(const std::string& order, const std::string& number = "4242424242424242") {
    const crypto::Secret platform_key(std::string(32, 'p'));
    Vault vault(*pool_, *sandbox_, random_, platform_key, "payment");
    const auto reply = vault.tokenise({.order_id = order,
                                       .epoch = {1, 0},
                                       .card = {number, 12, 2040, "Ada Lovelace"},
                                       .cvc = "123",
                                       .clock = {}},
                                      deadline());
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->token : "";
  }

  base::SystemClock clock_;
  base::SeededRandom random_{20261122};
  std::unique_ptr<postgres::Pool> pool_;
  std::unique_ptr<postgres::Pool> sandbox_pool_;
  std::unique_ptr<SandboxProvider> sandbox_;
};

}  // namespace bookstore::payment
