#include "inventory/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "contracts/methods.h"
#include "postgres/test_database.h"
#include "rpc/client.h"

namespace bookstore::inventory {
namespace {

namespace wire = contracts::inventory;

// The service as the executor sees it: over a socket.
class InventoryServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!postgres::TestDatabase::available()) GTEST_SKIP() << postgres::TestDatabase::kSkipReason;
    auto& pool = postgres::TestDatabase::shared().pool();
    for (const char* reset : {"TRUNCATE inventory.stock, inventory.participant",
                              "UPDATE inventory.fence SET highest = 0"}) {
      ASSERT_TRUE(pool.query({reset}, {}, deadline()).ok());
    }
    const auto imported =
        pool.query({"SELECT inventory.import_stock('{emma}', '{2}')"}, {}, deadline());
    ASSERT_TRUE(imported.ok()) << imported.status();
    store_ = std::make_unique<Store>(pool, "inventory");
    server_ = std::make_unique<rpc::Server>(rpc::Server::Config{.listen = "127.0.0.1:0"}, clock_);
    add_service(*server_, *store_, metrics_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_ = std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "inventory",
                            .addresses = {"127.0.0.1:" + std::to_string(*port)}},
        clock_, random_);
  }
  base::Deadline deadline() const { return base::Deadline::after(clock_, 10'000); }

  base::SystemClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<Store> store_;
  telemetry::Registry metrics_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::Client> client_;
};

TEST_F(InventoryServiceTest, AnswersEachOrderOfAList) {
  causality::VectorClock clock;
  ASSERT_TRUE(clock.tick("executor-1.1"));
  wire::PrepareRequest prepare;
  prepare.set_fence(1);
  for (int i = 0; i < 2; ++i) {
    auto& order = *prepare.add_orders();
    order.set_order_id(base::make_order_id(clock_, random_).value);
    order.set_clock(clock.encode());
    auto& line = *order.add_lines();
    line.set_book_id("emma");
    line.set_quantity(2);
  }
  const auto prepared = client_->call_and_wait(wire::kPrepare, prepare, {.deadline = deadline()});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_EQ(prepared->orders_size(), 2);
  EXPECT_EQ(prepared->orders(0).state(), wire::PARTICIPANT_STATE_PREPARED);
  EXPECT_EQ(prepared->orders(1).state(), wire::PARTICIPANT_STATE_REFUSED);
  EXPECT_EQ(prepared->orders(1).reason(), "out_of_stock");
  ASSERT_EQ(prepared->orders(0).events_size(), 3);
  EXPECT_EQ(prepared->orders(0).events(1).text(), "prepared");
  EXPECT_EQ(prepared->orders(0).events(2).clock(), prepared->orders(0).clock());

  wire::FinishRequest finish;
  finish.set_fence(1);
  finish.add_orders()->set_order_id(prepare.orders(0).order_id());
  const auto committed = client_->call_and_wait(wire::kCommit, finish, {.deadline = deadline()});
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->orders(0).state(), wire::PARTICIPANT_STATE_COMMITTED);
  const auto aborted = client_->call_and_wait(wire::kAbort, finish, {.deadline = deadline()});
  ASSERT_TRUE(aborted.ok()) << aborted.status();
  EXPECT_EQ(aborted->orders(0).state(), wire::PARTICIPANT_STATE_CONTRADICTION);
  EXPECT_THAT(metrics_.render(),
              ::testing::HasSubstr(
                  "bookstore_inventory_answers_total{answer=\"refused\",ask=\"Prepare\"} 1"));
}

TEST_F(InventoryServiceTest, RefusesWhatItCannotRead) {
  wire::FinishRequest finish;
  finish.set_fence(1);
  auto& order = *finish.add_orders();
  order.set_order_id(base::make_order_id(clock_, random_).value);
  order.set_clock("not a clock");
  const auto refused = client_->call_and_wait(wire::kAbort, finish, {.deadline = deadline()});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace bookstore::inventory
