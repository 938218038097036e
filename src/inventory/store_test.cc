#include "inventory/store.h"

#include <latch>
#include <thread>

#include "gmock/gmock.h"
#include "inventory/test_fixture.h"

namespace bookstore::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using InventoryTest = InventoryFixture;

TEST_F(InventoryTest, AnOrderHoldsThenTakesItsBooks) {
  import({"emma", "ulysses"}, {5, 2});
  const std::string order = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order, {{"ulysses", 2}, {"emma", 1}}), Answer::kPrepared);
  EXPECT_EQ(stock("ulysses"), (StockRow{2, 2, 0, 0}));
  EXPECT_EQ(ask_one(Ask::kCommit, 1, order), Answer::kCommitted);
  EXPECT_EQ(stock("emma"), (StockRow{5, 0, 1, 4}));
  EXPECT_EQ(stock("ulysses"), (StockRow{2, 0, 2, 0}));
}

TEST_F(InventoryTest, AnAbortedOrderGivesItsBooksBack) {
  import({"emma"}, {5});
  const std::string order = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order, {{"emma", 3}}), Answer::kPrepared);
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order), Answer::kAborted);
  EXPECT_EQ(stock("emma"), (StockRow{5, 0, 0, 5}));
}

TEST_F(InventoryTest, ABatchJudgesEachOrderAgainstWhatThoseBeforeItLeft) {
  import({"emma"}, {4});
  const auto answers = ask(Ask::kPrepare, 1,
                           {{new_order(), {{"emma", 3}}, {}},
                            {new_order(), {{"emma", 2}}, {}},
                            {new_order(), {{"walden", 1}}, {}},
                            {new_order(), {{"emma", 1}}, {}}});
  EXPECT_EQ(answers[0].answer, Answer::kPrepared);
  EXPECT_EQ(answers[1].answer, Answer::kRefused);
  EXPECT_EQ(answers[1].reason, "out_of_stock");
  EXPECT_EQ(answers[2].reason, "unknown_book");
  EXPECT_EQ(answers[3].answer, Answer::kPrepared);
  EXPECT_EQ(stock("emma"), (StockRow{4, 4, 0, 0}));
}

TEST_F(InventoryTest, ARefusalIsStoredEvenIfStockComesLater) {
  import({"emma"}, {0});
  const std::string order = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order), Answer::kRefused);
  import({"emma"}, {10});
  const auto again = ask(Ask::kPrepare, 2, {{order, {{"emma", 1}}, {}}});
  EXPECT_EQ(again[0].answer, Answer::kRefused);
  EXPECT_EQ(again[0].reason, "out_of_stock");
  EXPECT_EQ(stock("emma"), (StockRow{10, 0, 0, 10}));
}

TEST_F(InventoryTest, AbortBeforePrepareWins) {
  import({"emma"}, {5});
  const std::string order = new_order();
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order), Answer::kAborted);
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order), Answer::kAborted);
  EXPECT_EQ(ask_one(Ask::kCommit, 1, order), Answer::kContradiction);
  EXPECT_EQ(stock("emma"), (StockRow{5, 0, 0, 5}));
}

TEST_F(InventoryTest, AnOlderLeaderHasNoEffectOnAnyOrder) {
  import({"emma"}, {5});
  const std::string known = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 3, known), Answer::kPrepared);
  EXPECT_EQ(ask_one(Ask::kPrepare, 7, new_order()), Answer::kPrepared);

  EXPECT_EQ(ask_one(Ask::kAbort, 6, known), Answer::kStaleFence);
  EXPECT_EQ(ask_one(Ask::kPrepare, 6, new_order()), Answer::kStaleFence);
  EXPECT_EQ(stock("emma"), (StockRow{5, 2, 0, 3}));
  EXPECT_EQ(ask_one(Ask::kCommit, 7, known), Answer::kCommitted);
  EXPECT_EQ(sql({"SELECT fence FROM inventory.participant WHERE order_id = $1"}, {known})[0].int64(
                "fence"),
            7);
}

TEST_F(InventoryTest, TheOrdersClockLivesInItsRow) {
  import({"emma"}, {5});
  const std::string order = new_order();
  causality::Recorder leader("executor-1.1");
  auto reply = ask(Ask::kPrepare, 1, {{order, {{"emma", 1}}, leader.send("send Prepare")}})[0];
  std::vector<std::string> texts;
  for (const auto& event : reply.events) texts.push_back(event.text);
  EXPECT_THAT(texts, ElementsAre("recv Prepare", "prepared", "send Prepare reply"));
  EXPECT_EQ(reply.clock.to_json(), "{\"executor-1.1\":1, \"inventory\":3}");

  // The same answer again is two more events; a leader that never heard the first reply still
  // hears of all of them.
  reply = ask(Ask::kPrepare, 1, {{order, {{"emma", 1}}, leader.send("send Prepare")}})[0];
  EXPECT_EQ(reply.clock.to_json(), "{\"executor-1.1\":2, \"inventory\":5}");
  EXPECT_EQ(reply.events.size(), 2u);
  EXPECT_EQ(ask(Ask::kCommit, 1, {{order, {}, leader.send("send Commit")}})[0].clock.to_json(),
            "{\"executor-1.1\":3, \"inventory\":8}");

  const auto stale = ask(Ask::kCommit, 0 + 1, {{new_order(), {}, leader.clock()}})[0];
  EXPECT_EQ(stale.answer, Answer::kContradiction);
  EXPECT_EQ(stale.reason, "unknown_order");
  EXPECT_THAT(stale.events, IsEmpty());
}

TEST_F(InventoryTest, MalformedCallsAreRefusedWhole) {
  import({"emma"}, {5});
  const std::string order = new_order();
  const auto refused = [&](Ask what, uint64_t fence, const std::vector<OrderCall>& orders) {
    return store_->call(what, fence, orders, deadline()).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(Ask::kPrepare, 0, {{order, {{"emma", 1}}, {}}}));
  EXPECT_TRUE(refused(Ask::kPrepare, 1, {{order, {{"emma", 0}}, {}}}));
  EXPECT_TRUE(refused(Ask::kPrepare, 1, {{order, {{"em ma", 1}}, {}}}));
  EXPECT_TRUE(refused(Ask::kPrepare, 1, {{order, {}, {}}}));
  EXPECT_TRUE(refused(Ask::kCommit, 1, {{"ord_1", {}, {}}}));
  EXPECT_TRUE(refused(Ask::kCommit, 1, {{order, {}, {}}, {order, {}, {}}}));
  EXPECT_TRUE(refused(Ask::kAbort, 1, std::vector<OrderCall>(33, {order, {}, {}})));
  EXPECT_EQ(stock("emma"), (StockRow{5, 0, 0, 5}));
}

TEST_F(InventoryTest, ImportFollowsTheStockRule) {
  EXPECT_EQ(import({"emma", "walden"}, {10, 0}), 2);
  EXPECT_EQ(import({"emma", "walden"}, {10, 0}), 0);
  const std::string sold = new_order();
  const std::string held = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, sold, {{"emma", 4}}), Answer::kPrepared);
  EXPECT_EQ(ask_one(Ask::kCommit, 1, sold), Answer::kCommitted);
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, held, {{"emma", 2}}), Answer::kPrepared);

  EXPECT_EQ(import({"emma", "walden"}, {10, 0}), 0);  // the same file after sales
  EXPECT_EQ(stock("emma"), (StockRow{10, 2, 4, 4}));
  EXPECT_EQ(import({"emma"}, {13}), 1);
  EXPECT_EQ(stock("emma"), (StockRow{13, 2, 4, 7}));
  EXPECT_EQ(import({"emma"}, {1}), 1);  // never below zero
  EXPECT_EQ(stock("emma"), (StockRow{6, 2, 4, 0}));
  EXPECT_EQ(ask_one(Ask::kAbort, 1, held), Answer::kAborted);
  EXPECT_EQ(import({"emma"}, {1}), 0);
  EXPECT_EQ(stock("emma"), (StockRow{6, 0, 4, 2}));
}

TEST_F(InventoryTest, TheDatabaseItselfRefusesWhatTheTableForbids) {
  const std::vector<std::string> states = {"prepared", "refused", "committed", "aborted"};
  for (const std::string& from : states) {
    for (const std::string& to : states) {
      // A move is legal if some ask makes it, or if it is none.
      bool legal = from == to;
      for (const Ask what : {Ask::kPrepare, Ask::kCommit, Ask::kAbort}) {
        legal = legal || name_of(decide(*state_named(from), what, "").next) == to;
      }
      const auto row = sql({"SELECT inventory.legal_move($1, $2) AS legal"}, {from, to});
      EXPECT_EQ(row[0].boolean("legal"), legal) << from << " → " << to;
    }
  }
  import({"emma"}, {1});
  const std::string order = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 5, order), Answer::kPrepared);
  for (const char* change :
       {"UPDATE inventory.participant SET state = 'refused', reason = 'x'",
        "UPDATE inventory.participant SET fence = 4", "DELETE FROM inventory.participant",
        "UPDATE inventory.participant SET quantities = '{2}'",
        "UPDATE inventory.stock SET held = 2", "UPDATE inventory.stock SET sold = -1"}) {
    const auto status = pool_->query({change}, {}, deadline()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << change;
  }
}

TEST_F(InventoryTest, ABatchIsOneTransaction) {
  import({"emma"}, {100});
  std::vector<OrderCall> batch(kBatchOrdersMax);
  for (OrderCall& order : batch) order = {new_order(), {{"emma", 1}}, {}};
  for (const Ask what : {Ask::kPrepare, Ask::kCommit}) {
    ask(what, 1, batch);
    const auto written =
        sql({"SELECT count(*) AS rows, count(DISTINCT xmin::text) AS transactions "
             "FROM inventory.participant"});
    EXPECT_EQ(written[0].int64("rows"), 32);
    EXPECT_EQ(written[0].int64("transactions"), 1) << name_of(what);
  }
  EXPECT_EQ(stock("emma"), (StockRow{100, 0, 32, 68}));
}

TEST_F(InventoryTest, ManyCallersNeverSellTwiceNorWaitInACircle) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 40;
  const std::vector<std::string> books = {"a", "b", "c", "d", "e"};
  import(books, {100, 100, 100, 100, 100});
  std::latch start(kThreads);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      base::SeededRandom random(static_cast<uint64_t>(t) + 1);
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        std::vector<OrderCall> batch(4);
        for (OrderCall& order : batch) {
          order.order_id = base::make_order_id(clock_, random).value;
          for (int i = 0; i < 3; ++i) order.lines.push_back({books[random.below(5)], 1});
        }
        const auto prepared = store_->call(Ask::kPrepare, 1, batch, deadline());
        if (!prepared.ok()) {
          ++failures;
          continue;
        }
        std::vector<OrderCall> holding;
        for (size_t i = 0; i < batch.size(); ++i) {
          if ((*prepared)[i].answer == Answer::kPrepared) holding.push_back(batch[i]);
        }
        const Ask end = random.below(2) == 0 ? Ask::kCommit : Ask::kAbort;
        if (!store_->call(end, 1, holding, deadline()).ok()) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  // What the rows of the orders say is what the stock says.
  const auto wrong =
      sql({"SELECT count(*) AS n FROM inventory.stock s WHERE held <> 0 OR free + sold <> 100 OR "
           "sold <> (SELECT coalesce(sum(line.quantity), 0) FROM inventory.participant p,"
           "         unnest(p.book_ids, p.quantities) AS line (book_id, quantity)"
           "         WHERE p.state = 'committed' AND line.book_id = s.book_id)"});
  EXPECT_EQ(wrong[0].int64("n"), 0);
}

TEST_F(InventoryTest, FiveHundredBuyersOfFiftyCopies) {
  constexpr int kThreads = 8;
  constexpr int kBuyers = 500;
  import({"emma", "walden"}, {50, 10'000});
  std::latch start(kThreads);
  std::atomic<int> next{0}, prepared{0}, refused{0}, failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      base::SeededRandom random(static_cast<uint64_t>(t) + 7);
      start.arrive_and_wait();
      for (;;) {
        // Batches of every size, their lines in either order.
        const int size = static_cast<int>(1 + random.below(kBatchOrdersMax));
        const int first = next.fetch_add(size);
        if (first >= kBuyers) return;
        std::vector<OrderCall> batch;
        for (int i = first; i < std::min(first + size, kBuyers); ++i) {
          OrderCall order{base::make_order_id(clock_, random).value, {{"emma", 1}}, {}};
          if (i % 3 == 0) order.lines.push_back({"walden", 1});
          if (i % 3 == 1) order.lines.insert(order.lines.begin(), {"walden", 1});
          batch.push_back(std::move(order));
        }
        const auto answers = store_->call(Ask::kPrepare, 1, batch, deadline());
        if (!answers.ok()) ++failures;
        if (!answers.ok()) continue;
        for (const OrderAnswer& answer : *answers) {
          prepared += answer.answer == Answer::kPrepared ? 1 : 0;
          refused += answer.answer == Answer::kRefused && answer.reason == "out_of_stock" ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(prepared, 50);
  EXPECT_EQ(refused, 450);
  EXPECT_EQ(stock("emma"), (StockRow{50, 50, 0, 0}));
  const auto wrong = sql({"SELECT count(*) AS n FROM inventory.published_audit"});
  EXPECT_EQ(wrong[0].int64("n"), 0);
  // in_transaction would hide a deadlock by trying again; the server counts them, session by
  // session.
  std::vector<postgres::Lease> sessions;
  for (int t = 0; t < kThreads; ++t) {
    auto session = pool_->acquire(deadline());
    ASSERT_TRUE(session.ok()) << session.status();
    ASSERT_TRUE((*session)->query({"SELECT pg_stat_force_next_flush()"}, {}, deadline()).ok());
    sessions.push_back(*std::move(session));
  }
  sessions.clear();
  const auto deadlocks =
      sql({"SELECT deadlocks AS n FROM pg_stat_database "
           "WHERE datname = current_database()"});
  EXPECT_EQ(deadlocks[0].int64("n"), 0);
}

TEST_F(InventoryTest, TheSameNewOrderFromTwoLeadersIsDoneOnce) {
  import({"emma"}, {1'000});
  for (int round = 0; round < 30; ++round) {
    const std::string order = new_order();
    std::latch start(2);
    const auto prepare = [&](uint64_t fence, absl::StatusOr<std::vector<OrderAnswer>>& out) {
      start.arrive_and_wait();
      out = store_->call(Ask::kPrepare, fence, {{order, {{"emma", 1}}, {}}}, deadline());
    };
    const auto term = static_cast<uint64_t>(2 * round + 1);
    absl::StatusOr<std::vector<OrderAnswer>> old_leader, new_leader;
    std::thread other([&] { prepare(term, old_leader); });
    prepare(term + 1, new_leader);
    other.join();
    ASSERT_TRUE(old_leader.ok() && new_leader.ok()) << old_leader.status() << new_leader.status();
    EXPECT_EQ((*new_leader)[0].answer, Answer::kPrepared);
    EXPECT_EQ(stock("emma").held, round + 1);
  }
}

}  // namespace
}  // namespace bookstore::inventory
