#include "base/status.h"
#include "orders/rows.h"
#include "orders/store.h"

namespace bookstore::orders {
namespace {

using postgres::Row;
using postgres::Statement;

#define TAKEN_OVER                                                              \
  "RETURNING o.order_id, o.attempt, o.submit_bytes, o.clock, o.answer_status, " \
  "o.answer_body"

constexpr Statement kTakeOver{
    "UPDATE orders.orders o SET attempt = attempt + 1, lease_until = now() + $3::bigint * interval "
    "'1 millisecond' "
    "WHERE order_id = $1 AND state = 'submitting' AND attempt = $2 AND lease_until <= "
    "now() " TAKEN_OVER};

constexpr Statement kTakeOverLapsed{
    "UPDATE orders.orders o SET attempt = o.attempt + 1, lease_until = now() + $2::bigint * "
    "interval '1 millisecond' "
    "FROM (SELECT order_id FROM orders.orders WHERE state = 'submitting' AND lease_until "
    "<= now() "
    " ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED) lapsed "
    "WHERE o.order_id = lapsed.order_id " TAKEN_OVER};

constexpr Statement kRejectAbandoned{
    "WITH abandoned AS (SELECT order_id FROM orders.orders WHERE state = 'received' "
    " AND lease_until <= now() - interval '10 minutes' "
    " ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED), "
    "freed AS (DELETE FROM orders.idempotency_key USING abandoned "
    " WHERE idempotency_key.order_id = abandoned.order_id) "
    "UPDATE orders.orders o SET state = 'rejected', reason = 'abandoned', "
    "revision = revision + 1, updated_at = now() "
    "FROM abandoned WHERE o.order_id = abandoned.order_id"};

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
                     row.bytes("clock"),
                     answer_of(row)});
  }
  return taken;
}

absl::StatusOr<std::optional<TakenOver>> Store::take_over(const base::OrderId& order_id,
                                                          int32_t attempt,
                                                          base::DurationMs lease_ms,
                                                          base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(
      auto taken,
      take_over_rows(pool_.query(kTakeOver, {order_id.value, attempt, lease_ms}, deadline)));
  if (taken.empty()) return std::optional<TakenOver>();
  return std::move(taken.front());
}

absl::StatusOr<std::vector<TakenOver>> Store::take_over_lapsed(size_t limit,
                                                               base::DurationMs lease_ms,
                                                               base::Deadline deadline) {
  return take_over_rows(pool_.query(kTakeOverLapsed, {limit, lease_ms}, deadline));
}

absl::StatusOr<int64_t> Store::reject_abandoned(size_t limit, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kRejectAbandoned, {limit}, deadline));
  return rows.affected();
}

absl::StatusOr<int64_t> Store::remove_expired_keys(size_t limit, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kRemoveExpiredKeys, {limit}, deadline));
  return rows.affected();
}

}  // namespace bookstore::orders
