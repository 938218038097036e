#include "cli/audit.h"

#include <gtest/gtest.h>

#include "base/ids.h"
#include "base/random.h"
#include "postgres/test_database.h"

namespace bookstore::cli {
namespace {

using postgres::TestDatabase;

constexpr postgres::Statement kOrder{
    "INSERT INTO orders.orders (order_id, state, reason, revision, attempt, lease_until, key_scope,"
    " key_hash, fingerprint, customer_name, customer_email, customer_key, billing_address,"
    " shipping_class, currency, total_minor, answer_body, submit_bytes, accept_before) "
    "VALUES ($1::text, $2, $3, 1, 1, now(), sha256($1::text::bytea), sha256($1::text::bytea),"
    " sha256($1::text::bytea),"
    " 'Ada', 'ada@example.org', '', '{a,b,c,d,e,f}', 'standard', 'EUR', 940, '', '', now())"};
constexpr postgres::Statement kHold{
    "INSERT INTO inventory.participant (order_id, state, reason, fence, book_ids, quantities, "
    "clock)"
    " VALUES ($1, $2::text, CASE WHEN $2::text = 'refused' THEN 'out_of_stock' ELSE '' END, 1, "
    "'{emma}', '{1}',"
    " '')"};
constexpr postgres::Statement kPayment{
    "INSERT INTO payment.participant (order_id, state, fence, token, currency, amount_minor, clock)"
    " VALUES ($1, $2, 1, 't', 'EUR', 940, '')"};
constexpr postgres::Statement kIntent{
    "INSERT INTO payment.ledger (key, order_id, step, currency, amount_minor, outcome) "
    "VALUES ($1::text || ':' || $2::text, $1::text, $2::text, 'EUR', 940, $3)"};
constexpr postgres::Statement kOperation{
    "INSERT INTO sandbox.operation (key, kind, authorisation, currency, amount_minor, outcome) "
    "VALUES ($1::text || ':' || $2::text, $2::text, $1::text || ':authorise', 'EUR', $4, $3)"};

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    database_ = std::make_unique<TestDatabase>();
    sql({"UPDATE inventory.fence SET highest = 1"});
    sql({"UPDATE payment.fence SET highest = 1"});
    sql({"INSERT INTO inventory.stock (book_id, listed, initial) VALUES ('emma', 9, 9)"});
  }
  void sql(postgres::Statement statement, std::vector<postgres::Param> params = {}) {
    const auto done = database_->pool().query(statement, std::move(params), database_->deadline());
    ASSERT_TRUE(done.ok()) << done.status();
  }
  std::string new_order(const std::string& state, const std::string& reason = "") {
    const std::string id = base::make_order_id(database_->clock(), random_).value;
    sql(kOrder, {id, state, reason});
    return id;
  }
  void at_provider(const std::string& id, const std::string& step, const std::string& outcome,
                   int64_t minor = 940) {
    sql(kIntent, {id, step, outcome});
    sql(kOperation, {id, step, outcome, minor});
  }
  std::string completed_order() {
    const std::string id = new_order("completed");
    sql(kHold, {id, "committed"});
    sql({"UPDATE inventory.stock SET sold = sold + 1"});
    sql(kPayment, {id, "committed"});
    at_provider(id, "authorise", "approved");
    at_provider(id, "capture", "approved");
    return id;
  }
  std::string failed_order() {
    const std::string id = new_order("failed", "card_declined");
    sql(kHold, {id, "aborted"});
    sql(kPayment, {id, "aborted"});
    at_provider(id, "authorise", "approved");
    sql(kIntent, {id, "cancel", "closed"});
    return id;
  }
  // "charged captured": the names of what is wrong, in the order of the questions.
  std::string wrong(const std::vector<std::string>& accepted = {}) {
    const auto report = audit(database_->pool(), database_->deadline(), accepted);
    if (!report.ok()) return report.status().ToString();
    std::string names;
    for (const AuditFinding& finding : report->findings) {
      names += (names.empty() ? "" : " ") + finding.name;
    }
    EXPECT_EQ(report->wrong, static_cast<int64_t>(report->findings.size()));
    EXPECT_EQ(report->ok(), names.empty()) << report->to_string();
    return names;
  }

  base::SeededRandom random_{20261122};
  std::unique_ptr<TestDatabase> database_;
};

TEST_F(AuditTest, OrdersThatEndedAsTheyShouldLeaveNothingToSay) {
  EXPECT_EQ(wrong(), "");
  const std::string done = completed_order();
  const std::string failed = failed_order();
  at_provider(failed, "void", "approved");
  const std::string parked = new_order("needs_attention", "capture_refused");
  EXPECT_EQ(wrong({done, failed, parked}), "");
  const auto report = audit(database_->pool(), database_->deadline());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->figures.at("orders completed"), 1);
  EXPECT_EQ(report->figures.at("provider capture approved"), 1);
  EXPECT_EQ(report->figures.at("copies free"), 8);
}

TEST_F(AuditTest, APromisedOrderMustBeThere) {
  const std::string rejected = new_order("rejected", "no_leader");
  EXPECT_EQ(wrong(), "");
  EXPECT_EQ(wrong({rejected}), "promised");
  EXPECT_EQ(wrong({"ord_00000000000000000000000000"}), "promised");
}

TEST_F(AuditTest, AnOrderUnderWayOrParkedWithoutAReasonHasNotEnded) {
  new_order("executing");
  new_order("needs_attention");
  EXPECT_EQ(wrong(), "ended ended");
  const auto soon = base::Deadline::after(database_->clock(), 100);
  const auto waited = wait_for_rest(database_->pool(), soon);
  EXPECT_EQ(waited.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(waited.message(), "orders are still under way: 1 executing");
}

TEST_F(AuditTest, MoneyTakenForNothingIsFound) {
  const std::string id = new_order("failed", "out_of_stock");
  at_provider(id, "authorise", "approved");
  at_provider(id, "capture", "approved");
  EXPECT_EQ(wrong(), "authorised captured charged");
}

TEST_F(AuditTest, AnAuthorisationThatNobodyVoidedIsFound) {
  const std::string id = failed_order();
  EXPECT_EQ(wrong(), "authorised");
  at_provider(id, "void", "approved");
  EXPECT_EQ(wrong(), "");
}

TEST_F(AuditTest, ACompletedOrderWithoutItsCaptureOrWithAnotherAmountIsFound) {
  const std::string id = completed_order();
  sql({"DELETE FROM sandbox.operation WHERE kind = 'capture'"});
  EXPECT_EQ(wrong(), "captured ledger charged");
  sql(kOperation, {id, "capture", "approved", 941});
  EXPECT_EQ(wrong(), "captured charged");
}

TEST_F(AuditTest, StockThatTheOrdersDoNotExplainIsFound) {
  completed_order();
  sql({"UPDATE inventory.stock SET held = 2"});
  EXPECT_EQ(wrong(), "held");
  sql({"UPDATE inventory.stock SET held = 0, sold = 0"});
  EXPECT_EQ(wrong(), "sold");
  sql({"DELETE FROM inventory.stock"});
  EXPECT_EQ(wrong(), "held sold stock");
}

TEST_F(AuditTest, AHoldOfAnOrderThatEndedIsFound) {
  const std::string id = new_order("failed", "card_declined");
  sql(kHold, {id, "prepared"});
  sql({"UPDATE inventory.stock SET held = 1"});
  EXPECT_EQ(wrong(), "executed");
}

TEST_F(AuditTest, AProviderCallWithoutAnIntentAndAnIntentWithoutAnOutcomeAreFound) {
  const std::string id = failed_order();
  sql(kOperation, {id, "void", "approved", 0});
  EXPECT_EQ(wrong(), "ledger");
  sql(kIntent, {id, "void", "unknown"});
  EXPECT_EQ(wrong(), "intents");
  sql({"UPDATE payment.ledger SET outcome = 'approved' WHERE step = 'void'"});
  EXPECT_EQ(wrong(), "");
}

TEST_F(AuditTest, ACardThatOutlivesItsOrderIsFound) {
  const std::string id = completed_order();
  sql({"INSERT INTO payment.vault (token, order_id, attempt, restart, refusal, brand, last4, clock,"
       " created_at) VALUES ('t', $1, 1, 0, 'x', '', '', '', now() - interval '1 hour')"},
      {id});
  EXPECT_EQ(wrong(), "");  // the sweeper has a minute
  sql({"UPDATE orders.orders SET updated_at = now() - interval '2 minutes'"});
  EXPECT_EQ(wrong(), "vault");
}

TEST_F(AuditTest, AFenceBeyondTheHighestSeenAndAMissingGuardAreFound) {
  completed_order();
  sql({"UPDATE payment.fence SET highest = 0"});
  EXPECT_EQ(wrong(), "fence");
  sql({"ALTER TABLE inventory.participant DISABLE TRIGGER guard"});
  EXPECT_EQ(wrong(), "fence fence");
}

}  // namespace
}  // namespace bookstore::cli
