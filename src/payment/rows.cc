#include "payment/rows.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::payment {
namespace {

using postgres::Batch;
using postgres::Param;
using postgres::Result;
using postgres::Row;
using postgres::Statement;

constexpr Statement kRaiseFence{
    "UPDATE payment.fence SET highest = $1::bigint WHERE highest < $1::bigint"};
constexpr Statement kLockFence{"SELECT highest FROM payment.fence FOR SHARE"};
constexpr Statement kLockOrders{
    "SELECT order_id, state, reason, token, currency, amount_minor, clock "
    "FROM payment.participant WHERE order_id = ANY ($1::text[]) ORDER BY order_id FOR UPDATE"};
constexpr Statement kReadLedger{
    "SELECT order_id, step, outcome, reason FROM payment.ledger "
    "WHERE order_id = ANY ($1::text[])"};
constexpr Statement kReadVault{
    "SELECT token, order_id, provider_token FROM payment.vault "
    "WHERE token = ANY ($1::text[]) AND refusal IS NULL"};
constexpr Statement kInsert{
    "INSERT INTO payment.participant "
    "(order_id, state, reason, fence, token, currency, amount_minor, clock) "
    "SELECT order_id, state, reason, $1::bigint, token, currency, amount_minor, clock "
    "FROM payment.fence, unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[],"
    "  $7::text[], $8::bigint[])"
    "  AS made (order_id, state, reason, clock, token, currency, amount_minor) "
    "WHERE highest <= $1::bigint ORDER BY order_id COLLATE \"C\" ON CONFLICT DO NOTHING"};
constexpr Statement kMove{
    "UPDATE payment.participant AS row SET state = moved.to_state, fence = $1::bigint,"
    "  reason = moved.reason, clock = moved.clock, changed_at = now() "
    "FROM payment.fence, unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[])"
    "  AS moved (order_id, to_state, reason, clock, from_state) "
    "WHERE row.order_id = moved.order_id AND row.state = moved.from_state "
    "AND row.fence <= $1::bigint AND highest <= $1::bigint "
    "AND payment.legal_move(moved.from_state, moved.to_state)"};
constexpr Statement kIntend{
    "INSERT INTO payment.ledger (key, order_id, step, currency, amount_minor) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])"
    "  AS intent (key, order_id, step, currency, amount_minor) "
    "ORDER BY key COLLATE \"C\" ON CONFLICT (key) DO NOTHING"};
// Sorted, so that two writers of the same facts do not wait in a circle.
constexpr Statement kWriteFacts{
    "WITH locked AS ("
    "  SELECT ledger.key, fact.outcome, fact.reason FROM payment.ledger"
    "  JOIN unnest($1::text[], $2::text[], $3::text[]) AS fact (key, outcome, reason)"
    "  ON fact.key = ledger.key WHERE ledger.outcome = 'unknown'"
    "  ORDER BY ledger.key FOR UPDATE OF ledger) "
    "UPDATE payment.ledger SET outcome = locked.outcome, reason = locked.reason, "
    "answered_at = now() FROM locked WHERE ledger.key = locked.key"};

std::vector<Param> fact_params(std::span<const Fact> facts) {
  std::vector<std::string> keys;
  std::vector<std::string> outcomes;
  std::vector<std::string> reasons;
  for (const Fact& fact : facts) {
    if (fact.outcome == Outcome::kUnknown) continue;
    keys.push_back(fact.key);
    outcomes.emplace_back(name_of(fact.outcome));
    reasons.push_back(fact.reason);
  }
  return {keys, outcomes, reasons};
}

absl::StatusOr<OrderRow> read_order(const Row& row) {
  OrderRow order;
  const auto state = state_named(row.raw("state"));
  const auto clock = causality::VectorClock::decode(row.bytes("clock"));
  if (!state || !clock) {
    return absl::DataLossError(absl::StrCat("the row of ", row.text("order_id"), " is damaged"));
  }
  order.state = *state;
  order.reason = row.text("reason");
  order.token = row.text("token");
  order.amount = {row.text("currency"), row.int64("amount_minor")};
  order.clock = *clock;
  return order;
}

void read_fact(const Row& row, OrderRow& order) {
  const auto outcome = outcome_named(row.raw("outcome"));
  BOOKSTORE_CHECK(outcome.has_value(), "payment.ledger allows more outcomes than we know");
  const std::string_view step = row.raw("step");
  if (step == kAuthoriseStep) {
    order.facts.authorise = *outcome;
    order.authorise_reason = row.text("reason");
  }
  if (step == kCaptureStep) order.facts.capture = *outcome;
  if (step == kCancelStep) order.facts.cancel = *outcome;
  if (step == kVoidStep) order.facts.void_ = *outcome;
}

}  // namespace

absl::StatusOr<LockedRows> lock_rows(postgres::Transaction& transaction, int64_t fence,
                                     const std::vector<std::string>& order_ids,
                                     const std::vector<std::string>& tokens,
                                     std::span<const Fact> facts) {
  Batch batch = transaction.batch();
  batch.add(kRaiseFence, {fence});
  const size_t fence_at = batch.add(kLockFence, {});
  const size_t orders_at = batch.add(kLockOrders, {order_ids});
  if (!facts.empty()) batch.add(kWriteFacts, fact_params(facts));
  const size_t ledger_at = batch.add(kReadLedger, {order_ids});
  const size_t vault_at = batch.add(kReadVault, {tokens});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(transaction.deadline()));

  LockedRows locked;
  locked.stale = results[fence_at][0].int64("highest") > fence;
  for (const Row row : results[orders_at]) {
    BOOKSTORE_ASSIGN_OR_RETURN(locked.orders[row.text("order_id")], read_order(row));
  }
  for (const Row row : results[ledger_at]) read_fact(row, locked.orders[row.text("order_id")]);
  for (const Row row : results[vault_at]) {
    locked.vault[row.text("token")] = {row.text("order_id"), row.text("provider_token")};
  }
  return locked;
}

void RowWrites::insert(const std::string& order_id, const OrderRow& row) {
  made_.order_ids.push_back(order_id);
  made_.states.push_back(name_of(row.state));
  made_.reasons.push_back(row.reason);
  made_.clocks.push_back({row.clock.encode()});
  made_tokens_.push_back(row.token);
  made_currencies_.push_back(row.amount.currency);
  made_minors_.push_back(row.amount.minor);
}

void RowWrites::move(const std::string& order_id, State from, const OrderRow& row) {
  moved_.order_ids.push_back(order_id);
  moved_.states.push_back(name_of(row.state));
  moved_.reasons.push_back(row.reason);
  moved_.clocks.push_back({row.clock.encode()});
  moved_from_.push_back(name_of(from));
}

void RowWrites::intend(const std::string& order_id, Work work, const base::Money& amount) {
  const auto add = [&](std::string_view step) {
    intents_.keys.push_back(step_key(order_id, step));
    intents_.order_ids.push_back(order_id);
    intents_.steps.push_back(step);
    intents_.currencies.push_back(amount.currency);
    intents_.minors.push_back(amount.minor);
  };
  if (work == Work::kAuthorise) add(kAuthoriseStep);
  if (work == Work::kCapture) add(kCaptureStep);
  if (work == Work::kCancelAndVoid) add(kCancelStep);
  if (work == Work::kCancelAndVoid) add(kVoidStep);
}

absl::Status RowWrites::run(postgres::Transaction& transaction, int64_t fence) const {
  Batch batch = transaction.batch();
  std::vector<size_t> expected;
  if (const size_t rows = made_.order_ids.size(); rows > 0) {
    batch.add(kInsert, {fence, made_.order_ids, made_.states, made_.reasons, made_.clocks,
                        made_tokens_, made_currencies_, made_minors_});
    expected.push_back(rows);
  }
  if (const size_t rows = moved_.order_ids.size(); rows > 0) {
    batch.add(kMove,
              {fence, moved_.order_ids, moved_.states, moved_.reasons, moved_.clocks, moved_from_});
    expected.push_back(rows);
  }
  if (!intents_.keys.empty()) {
    batch.add(kIntend, {intents_.keys, intents_.order_ids, intents_.steps, intents_.currencies,
                        intents_.minors});
  }
  if (batch.empty()) return absl::OkStatus();
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(transaction.deadline()));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (results[i].affected() != static_cast<int64_t>(expected[i])) {
      return absl::AbortedError("an order's row was made or moved meanwhile");
    }
  }
  return absl::OkStatus();
}

absl::Status write_facts(postgres::Pool& pool, std::span<const Fact> facts,
                         base::Deadline deadline) {
  return pool.query(kWriteFacts, fact_params(facts), deadline).status();
}

std::string step_key(const std::string& order_id, std::string_view step) {
  return order_id + ":" + std::string(step);
}

}  // namespace bookstore::payment
