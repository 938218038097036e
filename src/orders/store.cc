#include "orders/store.h"

#include "base/check.h"
#include "base/crash_point.h"
#include "base/status.h"
#include "orders/rows.h"

namespace bookstore::orders {
namespace {

using postgres::Bytes;
using postgres::Param;
using postgres::Row;
using postgres::Statement;

// --- Keys and claims -----------------------------------------------------------------------------

constexpr Statement kFindKey{
    "SELECT k.order_id, k.expires_at <= now() AS expired, o.fingerprint = $3 AS same_fingerprint, "
    "o.state, o.reason, o.was_in_review, o.attempt, o.answer_status, o.answer_body, "
    "greatest(0, ceil(extract(epoch FROM o.lease_until - now()) * 1000))::bigint AS lease_left_ms "
    "FROM orders.idempotency_key k JOIN orders.orders o USING (order_id) "
    "WHERE k.key_scope = $1 AND k.key_hash = $2"};

constexpr Statement kRemoveExpiredKey{
    "DELETE FROM orders.idempotency_key k USING orders.orders o "
    "WHERE k.key_scope = $1 AND k.key_hash = $2 AND k.expires_at <= now() "
    "AND o.order_id = k.order_id AND o.state NOT IN ('received', 'in_review', 'submitting')"};

constexpr Statement kInsertOrder{
    "INSERT INTO orders.orders (order_id, state, revision, attempt, lease_until, key_scope, "
    "key_hash, fingerprint, customer_name, customer_email, customer_key, billing_address, "
    "shipping_class, currency, total_minor) "
    "VALUES ($1, 'received', 1, 1, now() + $2::bigint * interval '1 millisecond', $3, $4, $5, $6, "
    "$7, $8, $9, $10, $11, $12) "
    "RETURNING (extract(epoch FROM now()) * 1000)::bigint AS database_ms"};

constexpr Statement kInsertLines{
    "INSERT INTO orders.order_line (order_id, position, book_id, title, quantity, "
    "unit_price_minor) SELECT $1, position, book_id, title, quantity, unit_price_minor "
    "FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY "
    "AS line(book_id, title, quantity, unit_price_minor, position)"};

constexpr Statement kInsertKey{
    "INSERT INTO orders.idempotency_key (key_scope, key_hash, order_id) VALUES ($1, $2, $3)"};

constexpr Statement kRemoveKeyOfOrder{"DELETE FROM orders.idempotency_key WHERE order_id = $1"};

constexpr Statement kRetake{
    "UPDATE orders.orders SET attempt = attempt + 1, lease_until = now() + $3::bigint * interval "
    "'1 millisecond' "
    "WHERE order_id = $1 AND state = 'received' AND attempt = $2 AND lease_until <= "
    "now() "
    "RETURNING attempt, currency, total_minor, (extract(epoch FROM now()) * 1000)::bigint AS "
    "database_ms"};

constexpr Statement kLines{
    "SELECT book_id, title, quantity, unit_price_minor FROM orders.order_line "
    "WHERE order_id = $1 ORDER BY position"};

// --- Outcomes ------------------------------------------------------------------------------------

constexpr Statement kWriteOutcome{
    "UPDATE orders.orders SET state = $3, reason = $4, revision = revision + 1, "
    "updated_at = now(), checked_attempt = attempt, was_in_review = ($3 = 'in_review'), "
    "card_token = $5, card_brand = $6, card_last4 = $7, fraud_verdict = $8, fraud_score = $9, "
    "fraud_reasons = $10::text[], policies = $11::text[], degraded = $12::text[], "
    "suggestions = $13::json, answer_status = $14, answer_body = $15, submit_bytes = $16, "
    "accept_before = to_timestamp($17::bigint / 1000.0), clock = $18, "
    "review_until = CASE WHEN $3 = 'in_review' THEN now() + interval '7 days' END "
    "WHERE order_id = $1 AND state = 'received' AND attempt = $2"};

constexpr Statement kAccept{
    "UPDATE orders.orders SET state = 'accepted', revision = revision + 1, updated_at = now(), "
    "executor_index = $3, clock = $4 "
    "WHERE order_id = $1 AND state = 'submitting' AND attempt = $2"};

constexpr Statement kTellMoved{"SELECT pg_notify('order_moved', $1)"};

constexpr Statement kRejectSubmitting{
    "UPDATE orders.orders SET state = 'rejected', reason = $3, revision = revision + 1, "
    "updated_at = now(), answer_status = $4, answer_body = $5 "
    "WHERE order_id = $1 AND state = 'submitting' AND attempt = $2 AND NOT was_in_review"};

// --- Reading ----------------------------------------------------------------------------------

constexpr Statement kRead{
    "SELECT state, coalesce(reason, '') AS reason, revision, shipping_class, currency, "
    "total_minor, coalesce(card_brand, '') AS card_brand, coalesce(card_last4, '') AS card_last4, "
    "degraded, suggestions, clock, (extract(epoch FROM created_at) * 1000)::bigint AS created_ms, "
    "(extract(epoch FROM updated_at) * 1000)::bigint AS updated_ms "
    "FROM orders.orders WHERE order_id = $1"};

Param text_or_null(const std::string& text) {
  return text.empty() ? Param(std::nullopt) : Param(text);
}

std::vector<Param> order_params(const Claim& claim) {
  const Address& address = claim.billing_address;
  return {claim.order_id.value,
          claim.lease_ms,
          Bytes{claim.key.scope},
          Bytes{claim.key.hash},
          Bytes{claim.fingerprint},
          claim.customer.name,
          claim.customer.email,
          Bytes{claim.customer_key},
          std::vector<std::string>{address.line1, address.line2, address.city, address.region,
                                   address.postal_code, address.country},
          to_text(claim.shipping_class),
          claim.total.currency,
          claim.total.minor};
}

std::vector<Param> line_params(const Claim& claim) {
  std::vector<std::string> book_ids, titles;
  std::vector<int64_t> quantities, prices;
  for (const Line& line : claim.lines) {
    book_ids.push_back(line.book_id);
    titles.push_back(line.title);
    quantities.push_back(line.quantity);
    prices.push_back(line.unit_price_minor);
  }
  return {claim.order_id.value, book_ids, titles, quantities, prices};
}

std::vector<Param> outcome_params(const Outcome& outcome) {
  const bool submitting = outcome.to == State::kSubmitting;
  const bool scored = !outcome.fraud_verdict.empty();
  return {outcome.order_id.value,
          outcome.attempt,
          to_text(outcome.to),
          text_or_null(outcome.reason),
          text_or_null(outcome.card_token),
          text_or_null(outcome.card_brand),
          text_or_null(outcome.card_last4),
          text_or_null(outcome.fraud_verdict),
          scored ? Param(outcome.fraud_score) : Param(std::nullopt),
          outcome.fraud_reasons,
          outcome.policies,
          outcome.degraded,
          outcome.suggestions_json,
          outcome.answer.status,
          Bytes{outcome.answer.body},
          submitting ? Param(Bytes{outcome.submit_bytes}) : Param(std::nullopt),
          submitting ? Param(outcome.accept_before_ms) : Param(std::nullopt),
          Bytes{outcome.clock}};
}

}  // namespace

absl::StatusOr<std::optional<KeyRecord>> Store::find_key(const Key& key,
                                                         const std::string& fingerprint,
                                                         base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto rows,
      pool_.query(kFindKey, {Bytes{key.scope}, Bytes{key.hash}, Bytes{fingerprint}}, deadline));
  return read_key(rows);
}

size_t Store::add_find_key(postgres::Batch& batch, const Key& key, const std::string& fingerprint) {
  return batch.add(kFindKey, {Bytes{key.scope}, Bytes{key.hash}, Bytes{fingerprint}});
}

std::optional<KeyRecord> Store::read_key(const postgres::Result& rows) {
  if (rows.empty()) return std::nullopt;
  const Row row = rows[0];
  KeyRecord record;
  record.found = {row.boolean("same_fingerprint"),
                  row.boolean("expired"),
                  state_of(row),
                  row.maybe_text("reason").value_or(""),
                  row.boolean("was_in_review"),
                  row.int64("lease_left_ms")};
  record.order_id = {row.text("order_id")};
  record.attempt = static_cast<int32_t>(row.int64("attempt"));
  record.answer = answer_of(row);
  return record;
}

absl::StatusOr<Held> Store::claim(const Claim& claim, base::Deadline deadline) {
  BOOKSTORE_CHECK(!claim.lines.empty(), "an order without lines");
  const Bytes scope{claim.key.scope};
  const Bytes hash{claim.key.hash};
  BOOKSTORE_ASSIGN_OR_RETURN(const auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  if (claim.replaces_expired_key) batch.add(kRemoveExpiredKey, {scope, hash});
  const size_t inserted = batch.add(kInsertOrder, order_params(claim));
  batch.add(kInsertLines, line_params(claim));
  batch.add(kInsertKey, {scope, hash, claim.order_id.value});
  BOOKSTORE_CRASH_BEFORE(kClaim);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  BOOKSTORE_CRASH_AFTER(kClaim);
  return Held{claim.order_id, 1, results[inserted][0].int64("database_ms"), claim.lines,
              claim.total};
}

absl::StatusOr<std::optional<Held>> Store::retake(const base::OrderId& order_id, int32_t attempt,
                                                  base::DurationMs lease_ms,
                                                  base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  batch.add(kRetake, {order_id.value, attempt, lease_ms});
  batch.add(kLines, {order_id.value});
  BOOKSTORE_CRASH_BEFORE(kRetake);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  BOOKSTORE_CRASH_AFTER(kRetake);
  if (results[0].empty()) return std::optional<Held>();
  const Row row = results[0][0];
  return Held{order_id,
              static_cast<int32_t>(row.int64("attempt")),
              row.int64("database_ms"),
              read_lines(results[1]),
              {row.text("currency"), row.int64("total_minor")}};
}

absl::StatusOr<bool> Store::write_outcome(const Outcome& outcome, base::Deadline deadline) {
  BOOKSTORE_CHECK(legal_move(State::kReceived, outcome.to), "outcome ",
                  base::absl_view(to_text(outcome.to)));
  if (outcome.to != State::kRejected || !frees_key(outcome.reason)) {
    BOOKSTORE_CRASH_BEFORE(kOutcome);
    BOOKSTORE_ASSIGN_OR_RETURN(const auto written,
                               pool_.query(kWriteOutcome, outcome_params(outcome), deadline));
    BOOKSTORE_CRASH_AFTER(kOutcome);
    return written.affected() == 1;
  }
  bool won = false;
  BOOKSTORE_CRASH_BEFORE(kFreeKey);
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool_, deadline, [&](postgres::Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(const auto written,
                                   transaction.query(kWriteOutcome, outcome_params(outcome)));
        won = written.affected() == 1;
        if (!won) return absl::OkStatus();
        return transaction.query(kRemoveKeyOfOrder, {outcome.order_id.value}).status();
      }));
  BOOKSTORE_CRASH_AFTER(kFreeKey);
  return won;
}

absl::StatusOr<bool> Store::accept(const base::OrderId& order_id, int32_t attempt, uint64_t index,
                                   const std::string& clock, base::Deadline deadline) {
  BOOKSTORE_CRASH_BEFORE(kAccept);
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto rows,
      pool_.query(kAccept, {order_id.value, attempt, index, Bytes{clock}}, deadline));
  BOOKSTORE_CRASH_AFTER(kAccept);
  return rows.affected() == 1;
}

absl::StatusOr<bool> Store::reject_submitting(const base::OrderId& order_id, int32_t attempt,
                                              std::string_view reason, const StoredAnswer& answer,
                                              base::Deadline deadline) {
  BOOKSTORE_CHECK(frees_key(reason), "reason ", base::absl_view(reason));
  bool won = false;
  BOOKSTORE_CRASH_BEFORE(kFreeKey);
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool_, deadline, [&](postgres::Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(
            const auto rows,
            transaction.query(kRejectSubmitting, {order_id.value, attempt, reason, answer.status,
                                                  Bytes{answer.body}}));
        won = rows.affected() == 1;
        if (!won) return absl::OkStatus();
        const auto freed = transaction.query(kRemoveKeyOfOrder, {order_id.value});
        if (!freed.ok()) return freed.status();
        return transaction.query(kTellMoved, {order_id.value}).status();
      }));
  BOOKSTORE_CRASH_AFTER(kFreeKey);
  return won;
}

absl::StatusOr<Order> Store::read(const base::OrderId& order_id, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  batch.add(kRead, {order_id.value});
  batch.add(kLines, {order_id.value});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  if (results[0].empty()) return absl::NotFoundError("no such order");
  const Row row = results[0][0];
  Order order;
  order.id = order_id;
  order.state = state_of(row);
  order.reason = row.text("reason");
  order.revision = row.int64("revision");
  order.created_at_ms = row.int64("created_ms");
  order.updated_at_ms = row.int64("updated_ms");
  order.lines = read_lines(results[1]);
  order.total = {row.text("currency"), row.int64("total_minor")};
  const auto shipping_class = shipping_class_from_text(row.raw("shipping_class"));
  BOOKSTORE_CHECK(shipping_class.has_value(), "a row has an unknown shipping class");
  order.shipping_class = *shipping_class;
  order.card_brand = row.text("card_brand");
  order.card_last4 = row.text("card_last4");
  order.degraded = row.texts("degraded");
  order.suggestions_json = std::string(row.raw("suggestions"));
  order.clock = row.bytes("clock");
  return order;
}

}  // namespace bookstore::orders
