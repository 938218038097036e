#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/random.h"
#include "inventory/store.h"
#include "postgres/test_database.h"

namespace bookstore::inventory {

struct StockRow {
  int64_t initial, held, sold, free;
  friend bool operator==(const StockRow&, const StockRow&) = default;
};

// Inventory's tables on a real PostgreSQL, empty before each test.
class InventoryFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!postgres::TestDatabase::available()) GTEST_SKIP() << postgres::TestDatabase::kSkipReason;
    // Durability is the server's business; these tests ask for thousands of commits.
    pool_ = std::make_unique<postgres::Pool>(
        postgres::PoolOptions{
            absl::StrCat(database().conninfo(), " options='-c synchronous_commit=off'"), 8},
        clock_);
    store_ = std::make_unique<Store>(*pool_, "inventory");
    sql({"TRUNCATE inventory.stock, inventory.participant"});
    sql({"UPDATE inventory.fence SET highest = 0"});
  }
  static postgres::TestDatabase& database() { return postgres::TestDatabase::shared(); }

  base::Deadline deadline() const { return base::Deadline::after(clock_, 20'000); }
  postgres::Result sql(postgres::Statement statement, std::vector<postgres::Param> params = {}) {
    auto result = pool_->query(statement, std::move(params), deadline());
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  int64_t import(const std::vector<std::string>& books, const std::vector<int64_t>& quantities) {
    return sql({"SELECT inventory.import_stock($1, $2) AS n"}, {books, quantities})[0].int64("n");
  }
  StockRow stock(const std::string& book) {
    const auto result =
        sql({"SELECT initial, held, sold, free FROM inventory.stock WHERE book_id = $1"}, {book});
    return {result[0].int64("initial"), result[0].int64("held"), result[0].int64("sold"),
            result[0].int64("free")};
  }
  std::string new_order() { return base::make_order_id(clock_, random_).value; }

  std::vector<OrderAnswer> ask(Ask what, uint64_t fence, const std::vector<OrderCall>& orders) {
    auto answers = store_->call(what, fence, orders, deadline());
    EXPECT_TRUE(answers.ok()) << answers.status();
    return answers.ok() ? *std::move(answers) : std::vector<OrderAnswer>(orders.size());
  }
  Answer ask_one(Ask what, uint64_t fence, const std::string& order,
                 std::vector<Line> lines = {{"emma", 1}}) {
    return ask(what, fence, {{order, std::move(lines), {}}})[0].answer;
  }

  base::SystemClock clock_;
  base::SeededRandom random_{20261122};
  std::unique_ptr<postgres::Pool> pool_;
  std::unique_ptr<Store> store_;
};

}  // namespace bookstore::inventory
