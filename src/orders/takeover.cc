#include "base/crash_point.h"
#include "base/status.h"
#include "orders/rows.h"
#include "orders/store.h"

namespace bookstore::orders {
namespace {

using postgres::Row;
using postgres::Statement;

#define TAKEN_OVER                                                              \
  "RETURNING o.order_id, o.attempt, o.submit_bytes, o.clock, o.answer_status, " \
  "o.answer_body, o.was_in_review, "                                            \
  "(extract(epoch FROM o.accept_before) * 1000)::bigint AS accept_before_ms"

// Every accept_before is in the row before a Submit with it is sent (docs/adr/0006).
#define NEW_ACCEPT_BEFORE(milliseconds)        \
  "accept_before = CASE WHEN o.was_in_review " \
  "THEN now() + " milliseconds                 \
  "::bigint * interval '1 millisecond' "       \
  "ELSE o.accept_before END "

constexpr Statement kTakeOver{
    "UPDATE orders.orders o SET attempt = attempt + 1, lease_until = now() + $3::bigint * interval "
    "'1 millisecond', " NEW_ACCEPT_BEFORE("$4")
    "WHERE order_id = $1 AND state = 'submitting' AND attempt = $2 AND lease_until <= "
    "now() " TAKEN_OVER};

constexpr Statement kTakeOverLapsed{
    "UPDATE orders.orders o SET attempt = o.attempt + 1, lease_until = now() + $2::bigint * "
    "interval '1 millisecond', " NEW_ACCEPT_BEFORE("$3")
    "FROM (SELECT order_id FROM orders.orders WHERE state = 'submitting' AND lease_until "
    "<= now() "
    " ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED) lapsed "
    "WHERE o.order_id = lapsed.order_id " TAKEN_OVER};

constexpr Statement kRejectAbandoned{
    "WITH abandoned AS (SELECT order_id FROM orders.orders WHERE state = 'received' "
    " AND lease_until <= now() - interval '10 minutes' "
    " ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED), "
    "freed AS (DELETE FROM orders.idempotency_key USING abandoned "
    " WHERE idempotency_key.order_id = abandoned.order_id), "
    "moved AS (UPDATE orders.orders o SET state = 'rejected', reason = 'abandoned', "
    " revision = revision + 1, updated_at = now() "
    " FROM abandoned WHERE o.order_id = abandoned.order_id RETURNING o.order_id) "
    "SELECT pg_notify('order_moved', order_id) FROM moved"};

constexpr Statement kRemoveExpiredKeys{
    "DELETE FROM orders.idempotency_key WHERE order_id IN ("
    "SELECT k.order_id FROM orders.idempotency_key k JOIN orders.orders o USING (order_id) "
    "WHERE k.expires_at <= now() AND o.state NOT IN ('received', 'in_review', 'submitting') "
    "ORDER BY k.expires_at LIMIT $1)"};

}  // namespace

absl::StatusOr<std::vector<TakenOver>> Store::take_over_rows(
    absl::StatusOr<postgres::Result> rows) {
  if (!rows.ok()) return rows.status();
  std::vector<TakenOver> taken;
  for (const Row& row : *rows) {
    taken.push_back({{row.text("order_id")},
                     static_cast<int32_t>(row.int64("attempt")),
                     row.bytes("submit_bytes"),
                     row.int64("accept_before_ms"),
                     row.boolean("was_in_review"),
                     row.bytes("clock"),
                     answer_of(row)});
  }
  return taken;
}

absl::StatusOr<std::optional<TakenOver>> Store::take_over(const base::OrderId& order_id,
                                                          int32_t attempt,
                                                          base::DurationMs lease_ms,
                                                          base::DurationMs accept_before_ms,
                                                          base::Deadline deadline) {
  BOOKSTORE_CRASH_BEFORE(kTakeOver);
  BOOKSTORE_ASSIGN_OR_RETURN(
      auto taken, take_over_rows(pool_.query(
                      kTakeOver, {order_id.value, attempt, lease_ms, accept_before_ms}, deadline)));
  BOOKSTORE_CRASH_AFTER(kTakeOver);
  if (taken.empty()) return std::optional<TakenOver>();
  return std::move(taken.front());
}

absl::StatusOr<std::vector<TakenOver>> Store::take_over_lapsed(size_t limit,
                                                               base::DurationMs lease_ms,
                                                               base::DurationMs accept_before_ms,
                                                               base::Deadline deadline) {
  auto taken =
      take_over_rows(pool_.query(kTakeOverLapsed, {limit, lease_ms, accept_before_ms}, deadline));
  if (taken.ok() && !taken->empty()) BOOKSTORE_CRASH_AFTER(kTakeOver);
  return taken;
}

absl::StatusOr<int64_t> Store::reject_abandoned(size_t limit, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kRejectAbandoned, {limit}, deadline));
  return static_cast<int64_t>(rows.rows());
}

absl::StatusOr<int64_t> Store::remove_expired_keys(size_t limit, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kRemoveExpiredKeys, {limit}, deadline));
  return rows.affected();
}

}  // namespace bookstore::orders
