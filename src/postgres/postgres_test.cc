#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "postgres/listener.h"
#include "postgres/migrate.h"
#include "postgres/pool.h"
#include "postgres/test_database.h"

namespace bookstore::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    database_ = std::make_unique<TestDatabase>(/*migrated=*/false);
    connection_ = open();
    run("CREATE TABLE shelf (id bigint PRIMARY KEY, title text, cover bytea,"
        " copies bigint CONSTRAINT shelf_copies CHECK (copies >= 0))");
  }

  base::Deadline deadline() const { return database_->deadline(); }
  base::Deadline in_ms(base::DurationMs ms) const {
    return base::Deadline::after(database_->clock(), ms);
  }
  std::unique_ptr<Connection> open() {
    auto connection = Connection::open(database_->conninfo(), database_->clock(), deadline());
    EXPECT_TRUE(connection.ok()) << connection.status();
    return *std::move(connection);
  }
  void run(const std::string& sql) {
    const absl::Status status = connection_->run(sql, deadline());
    ASSERT_TRUE(status.ok()) << status;
  }
  int64_t count() {
    return (*connection_->query({"SELECT count(*) AS n FROM shelf"}, {}, deadline()))[0].int64("n");
  }

  std::unique_ptr<TestDatabase> database_;
  std::unique_ptr<Connection> connection_;
};

constexpr Statement kPut{"INSERT INTO shelf (id, title, cover, copies) VALUES ($1, $2, $3, $4)"};

TEST_F(PostgresTest, ValuesComeBackAsTheyWereSent) {
  const std::string cover("\0\x01\xff'\\\n", 6);
  const std::string title = "L'Étranger \"1942\" {a,b} \\ 書";
  ASSERT_TRUE(connection_->query(kPut, {1, title, Bytes{cover}, 3}, deadline()).ok());
  ASSERT_TRUE(
      connection_->query(kPut, {2, std::nullopt, std::nullopt, std::nullopt}, deadline()).ok());

  const auto result = connection_->query(
      {"SELECT *, copies > 2 AS many, copies / 2.0 AS half FROM shelf ORDER BY id"}, {},
      deadline());
  ASSERT_TRUE(result.ok()) << result.status();
  const Row first = (*result)[0];
  EXPECT_EQ(first.text("title"), title);
  EXPECT_EQ(first.bytes("cover"), cover);
  EXPECT_EQ(first.int64("copies"), 3);
  EXPECT_TRUE(first.boolean("many"));
  EXPECT_EQ(first.real("half"), 1.5);
  const Row second = (*result)[1];
  EXPECT_TRUE(second.is_null("cover"));
  EXPECT_EQ(second.maybe_text("title"), std::nullopt);
  EXPECT_EQ(second.maybe_int64("copies"), std::nullopt);
}

TEST_F(PostgresTest, ArraysComeBackAsTheyWereSent) {
  const std::vector<std::string> words = {"",           "NULL",        "a,b", "{}",
                                          "\"quoted\"", "back\\slash", "é"};
  const std::vector<int64_t> numbers = {INT64_MIN, -1, 0, INT64_MAX};
  const auto result = connection_->query(
      {"SELECT $1::text[] AS words, $2::bigint[] AS numbers, $3::text[] AS nothing,"
       " (SELECT count(*) FROM unnest($1::text[])) AS n, ($4::bytea[])[2] AS second"},
      {words, numbers, std::vector<std::string>{},
       std::vector<Bytes>{{"a"}, {std::string("\0'\\\"", 4)}}},
      deadline());
  ASSERT_TRUE(result.ok()) << result.status();
  const Row row = (*result)[0];
  EXPECT_EQ(row.texts("words"), words);
  EXPECT_EQ(row.int64s("numbers"), numbers);
  EXPECT_EQ(row.texts("nothing"), std::vector<std::string>{});
  EXPECT_EQ(row.int64("n"), static_cast<int64_t>(words.size()));
  EXPECT_EQ(row.bytes("second"), std::string("\0'\\\"", 4));
}

TEST_F(PostgresTest, EveryErrorHasItsCodeAndNoValue) {
  ASSERT_TRUE(connection_->query(kPut, {1, "Emma", std::nullopt, 1}, deadline()).ok());

  const auto twice = connection_->query(kPut, {1, "secret", std::nullopt, 1}, deadline()).status();
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(constraint(twice), "shelf_pkey");
  const auto negative =
      connection_->query(kPut, {2, "secret", std::nullopt, -1}, deadline()).status();
  EXPECT_EQ(negative.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(constraint(negative), "shelf_copies");
  EXPECT_EQ(sqlstate(negative), "23514");
  const auto shape =
      connection_->query({"SELECT $1::text::bigint"}, {"secret"}, deadline()).status();
  EXPECT_EQ(shape.code(), absl::StatusCode::kInvalidArgument);
  const auto ours = connection_->query({"SELECT nothing FROM nowhere"}, {}, deadline()).status();
  EXPECT_EQ(ours.code(), absl::StatusCode::kInternal);
  for (const auto& status : {twice, negative, shape, ours}) {
    EXPECT_THAT(base::str(status.message()), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(count(), 1);  // and the connection goes on
}

TEST_F(PostgresTest, NobodyAtTheAddressIsUnavailable) {
  const auto nobody =
      Connection::open("host=/nowhere dbname=x password=hunter2", database_->clock(), in_ms(2'000));
  EXPECT_EQ(nobody.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(base::str(nobody.status().message()), Not(HasSubstr("hunter2")));
}

TEST_F(PostgresTest, ABatchIsOneTransaction) {
  Batch batch(*connection_);
  for (int id = 1; id <= 500; ++id)
    batch.add(kPut, {id, std::string(2'000, 'x'), std::nullopt, id});
  const size_t sum = batch.add({"SELECT sum(copies)::bigint AS n FROM shelf"}, {});
  const auto results = batch.run(deadline());
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[sum][0].int64("n"), 500 * 501 / 2);
  EXPECT_EQ((*results)[0].affected(), 1);

  batch.add(kPut, {501, "new", std::nullopt, 1});
  batch.add(kPut, {7, "again", std::nullopt, 1});
  batch.add(kPut, {502, "never", std::nullopt, 1});
  const auto failed = batch.run(deadline());
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(constraint(failed.status()), "shelf_pkey");
  EXPECT_THAT(base::str(failed.status().message()), HasSubstr("statement 1 "));
  EXPECT_EQ(count(), 500);
}

TEST_F(PostgresTest, ABatchMayAskMoreThanTheSocketHolds) {
  // 200 answers of 100 kB while 20 MB of parameters are still being sent.
  const std::string big(100'000, 'y');
  Batch batch(*connection_);
  for (int i = 0; i < 200; ++i) batch.add({"SELECT $1::text AS echo"}, {big});
  const auto results = batch.run(deadline());
  ASSERT_TRUE(results.ok()) << results.status();
  for (const Result& result : *results) EXPECT_EQ(result[0].raw("echo").size(), big.size());
}

TEST_F(PostgresTest, ATransactionThatIsNotCommittedNeverWas) {
  {
    auto transaction = Transaction::begin(*connection_, deadline());
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(transaction->query(kPut, {1, "a", std::nullopt, 1}).ok());
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(count(), 0);

  auto transaction = Transaction::begin(*connection_, deadline());
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->query(kPut, {1, "a", std::nullopt, 1}).ok());
  ASSERT_TRUE(transaction->commit().ok());
  EXPECT_EQ(count(), 1);
}

TEST_F(PostgresTest, ACommitAfterAFailedStatementIsNotASuccess) {
  auto transaction = Transaction::begin(*connection_, deadline());
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->query(kPut, {1, "a", std::nullopt, 1}).ok());
  ASSERT_FALSE(transaction->query(kPut, {1, "a", std::nullopt, 1}).ok());
  EXPECT_EQ(transaction->commit().code(), absl::StatusCode::kAborted);
}

TEST_F(PostgresTest, AStatementEndsAtItsDeadlineAndTheConnectionGoesOn) {
  const auto late = connection_->query({"SELECT pg_sleep(30)"}, {}, in_ms(50)).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(connection_->broken());
  EXPECT_EQ(count(), 0);
}

TEST_F(PostgresTest, ALockHeldByAnotherEndsAtTheDeadline) {
  ASSERT_TRUE(connection_->query(kPut, {1, "a", std::nullopt, 1}, deadline()).ok());
  auto holder = Transaction::begin(*connection_, deadline());
  ASSERT_TRUE(holder.ok());
  ASSERT_TRUE(holder->query({"UPDATE shelf SET copies = 2 WHERE id = 1"}).ok());

  const auto other = open();
  auto waiter = Transaction::begin(*other, in_ms(100));
  ASSERT_TRUE(waiter.ok());
  const auto late = waiter->query({"UPDATE shelf SET copies = 3 WHERE id = 1"}).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(PostgresTest, ADeadlockIsAbortedAndTriedAgain) {
  run("INSERT INTO shelf (id, copies) VALUES (1, 0), (2, 0)");
  std::latch both_hold(2);
  std::atomic<int> tries{0};
  const auto add_to = [&](int first, int second) {
    bool waited = false;
    return in_transaction(database_->pool(), deadline(), [&](Transaction& transaction) {
      ++tries;
      const Statement add{"UPDATE shelf SET copies = copies + 1 WHERE id = $1"};
      BOOKSTORE_RETURN_IF_ERROR(transaction.query(add, {first}).status());
      if (!std::exchange(waited, true)) both_hold.arrive_and_wait();
      return transaction.query(add, {second}).status();
    });
  };
  absl::Status other;
  std::thread thread([&] { other = add_to(2, 1); });
  const absl::Status mine = add_to(1, 2);
  thread.join();
  EXPECT_TRUE(mine.ok()) << mine;
  EXPECT_TRUE(other.ok()) << other;
  EXPECT_GE(tries, 3);
  const auto sum =
      connection_->query({"SELECT sum(copies)::bigint AS n FROM shelf"}, {}, deadline());
  EXPECT_EQ((*sum)[0].int64("n"), 4);
}

TEST_F(PostgresTest, ThePoolLendsSoManyAndReplacesTheBroken) {
  Pool pool({database_->conninfo(), 2}, database_->clock());
  {
    auto first = pool.acquire(deadline());
    auto second = pool.acquire(deadline());
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(pool.acquire(in_ms(20)).status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(pool.lent(), 2u);
  }
  // The server ends the idle sessions, as a restart does.
  run("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
      " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  for (int i = 0; i < 3; ++i) {
    const auto result = pool.query({"SELECT 1 AS one"}, {}, deadline());
    EXPECT_TRUE(result.ok()) << result.status();
  }
}

TEST_F(PostgresTest, ASessionLostInTheMiddleIsUnavailableThenReplaced) {
  Pool pool({database_->conninfo(), 1}, database_->clock());
  {
    auto lease = pool.acquire(deadline());
    ASSERT_TRUE(lease.ok());
    const auto lost =
        (*lease)->query({"SELECT pg_terminate_backend(pg_backend_pid())"}, {}, deadline());
    EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable) << lost.status();
    EXPECT_TRUE((*lease)->broken());
  }
  EXPECT_TRUE(pool.query({"SELECT 1"}, {}, deadline()).ok());
}

TEST_F(PostgresTest, AWaiterGetsTheConnectionThatComesBack) {
  Pool pool({database_->conninfo(), 1}, database_->clock());
  auto lease = std::make_unique<absl::StatusOr<Lease>>(pool.acquire(deadline()));
  absl::Status waited = absl::UnknownError("never ran");
  std::thread waiter([&] { waited = pool.query({"SELECT 1"}, {}, deadline()).status(); });
  lease.reset();
  waiter.join();
  EXPECT_TRUE(waited.ok()) << waited;
}

TEST_F(PostgresTest, AListenerHearsWhatIsCommittedAndCanBeInterrupted) {
  auto listener = Listener::open(database_->conninfo(), {"orders"}, database_->clock(), deadline());
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_EQ(*(*listener)->wait(in_ms(0)), std::nullopt);
  run("NOTIFY orders, 'one'");
  const auto heard = (*listener)->wait(deadline());
  ASSERT_TRUE(heard.ok() && heard->has_value());
  EXPECT_EQ((*heard)->channel, "orders");
  EXPECT_EQ((*heard)->payload, "one");

  std::thread other([&] { (*listener)->interrupt(); });
  EXPECT_EQ((*listener)->wait(deadline()).status().code(), absl::StatusCode::kCancelled);
  other.join();
}

class MigrateTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    folder_ = std::filesystem::temp_directory_path() /
              ("bookstore_migrations_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void write(const std::string& name, const std::string& sql) {
    std::ofstream(folder_ / name) << sql;
  }
  absl::StatusOr<MigrationReport> migrate_now() {
    return migrate(*connection_, folder_, deadline());
  }
  // Fails with a sentence that has `words` in it.
  void expect_refused(const std::string& words) {
    const auto report = migrate_now();
    EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition) << report.status();
    EXPECT_THAT(base::str(report.status().message()), HasSubstr(words));
  }

  std::filesystem::path folder_;
};

TEST_F(MigrateTest, AppliesNewFilesOnce) {
  write("0001_a.sql", "CREATE TABLE a (x int); INSERT INTO a VALUES (1);");
  write("0002_b.sql", "INSERT INTO a VALUES (2);");
  auto report = migrate_now();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->applied, ElementsAre("0001_a.sql", "0002_b.sql"));
  EXPECT_EQ(report->version, 2);

  write("0003_c.sql", "INSERT INTO a VALUES (3);");
  report = migrate_now();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->applied, ElementsAre("0003_c.sql"));
  EXPECT_TRUE(migrate_now()->applied.empty());
}

TEST_F(MigrateTest, AFileThatFailsLeavesNothingOfItself) {
  write("0001_a.sql", "CREATE TABLE a (x int);");
  write("0002_b.sql", "INSERT INTO a VALUES (2); INSERT INTO a VALUES ('two');");
  EXPECT_FALSE(migrate_now().ok());
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ((*connection_->query({"SELECT count(*) AS n FROM a"}, {}, deadline()))[0].int64("n"),
            0);
  write("0002_b.sql", "INSERT INTO a VALUES (2);");
  EXPECT_TRUE(migrate_now().ok());
}

TEST_F(MigrateTest, HistoryIsNotRewritten) {
  write("0001_a.sql", "CREATE TABLE a (x int);");
  write("0003_c.sql", "CREATE TABLE c (x int);");
  ASSERT_TRUE(migrate_now().ok());

  write("0001_a.sql", "CREATE TABLE a (x bigint);");
  expect_refused("0001_a.sql was changed after it was applied");
  write("0001_a.sql", "CREATE TABLE a (x int);");
  write("0002_b.sql", "CREATE TABLE b (x int);");
  expect_refused("0002_b.sql is new, but sorts before");
  std::filesystem::remove(folder_ / "0002_b.sql");
  std::filesystem::remove(folder_ / "0003_c.sql");
  expect_refused("0003_c.sql, which this program does not know");
  write("0003_c.sql", "CREATE TABLE c (x int);");
  write("0003_d.sql", "");
  expect_refused("have one number");
}

TEST_F(MigrateTest, TwoAtOnceDoItOnce) {
  write("0001_a.sql", "CREATE TABLE a (x int); SELECT pg_sleep(0.05);");
  const auto other = open();
  absl::StatusOr<MigrationReport> theirs = absl::UnknownError("never ran");
  std::thread thread([&] { theirs = migrate(*other, folder_, deadline()); });
  const auto ours = migrate_now();
  thread.join();
  ASSERT_TRUE(ours.ok()) << ours.status();
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  EXPECT_EQ(ours->applied.size() + theirs->applied.size(), 1u);
}

TEST(ParseArray, DamageIsNotAnArray) {
  for (const char* text :
       {"", "{", "}", "{a", "{\"a}", "{\"a\"b}", "{a,}", "{,a}", "{NULL}", "{{1},{2}}", "{\"\\"}) {
    EXPECT_EQ(parse_array(text), std::nullopt) << text;
  }
  EXPECT_THAT(*parse_array("{1,\"a \\\"b\\\"\",\"\"}"), ElementsAre("1", "a \"b\"", ""));
}

TEST(WithDatabase, KeepsEverythingButTheName) {
  EXPECT_EQ(with_database("postgresql://joe@db.example:5433/old?sslmode=require", "new"),
            "dbname='new' user='joe' host='db.example' port='5433' sslmode='require'");
}

}  // namespace
}  // namespace bookstore::postgres
