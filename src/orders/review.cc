#include "base/check.h"
#include "base/crash_point.h"
#include "base/status.h"
#include "orders/rows.h"
#include "orders/store.h"

namespace bookstore::orders {
namespace {

using postgres::Bytes;
using postgres::Param;
using postgres::Row;
using postgres::Statement;

#define REVIEWED                                                       \
  "order_id, state, revision, shipping_class, currency, total_minor, " \
  "coalesce(card_token, '') AS card_token, clock, "                    \
  "(extract(epoch FROM now()) * 1000)::bigint AS database_ms "

constexpr Statement kReadReview{"SELECT " REVIEWED "FROM orders.orders WHERE order_id = $1"};

constexpr Statement kOverdueReviews{
    "SELECT " REVIEWED
    "FROM orders.orders WHERE state = 'in_review' AND review_until <= now() "
    "ORDER BY review_until LIMIT $1"};

constexpr Statement kLines{
    "SELECT book_id, title, quantity, unit_price_minor FROM orders.order_line "
    "WHERE order_id = $1 ORDER BY position"};

// The one compare of approve, decline and sweep.
constexpr Statement kDecideReview{
    "WITH decided AS (UPDATE orders.orders SET state = $3, reason = $4, revision = revision + 1, "
    "updated_at = now(), reviewed_at = now(), reviewed_by = $5, review_note = $6, clock = $7, "
    "attempt = attempt + ($3 = 'submitting')::int, "
    "lease_until = CASE WHEN $3 = 'submitting' "
    " THEN now() + $8::bigint * interval '1 millisecond' ELSE lease_until END, "
    "submit_bytes = $9, accept_before = to_timestamp($10::bigint / 1000.0) "
    "WHERE order_id = $1 AND state = 'in_review' AND revision = $2 RETURNING order_id, attempt) "
    "SELECT attempt, pg_notify('order_moved', order_id) FROM decided"};

Reviewed read_reviewed(const Row& row) {
  Reviewed order;
  order.order_id = {row.text("order_id")};
  order.state = state_of(row);
  order.revision = row.int64("revision");
  order.total = {row.text("currency"), row.int64("total_minor")};
  const auto shipping_class = shipping_class_from_text(row.raw("shipping_class"));
  BOOKSTORE_CHECK(shipping_class.has_value(), "a row has an unknown shipping class");
  order.shipping_class = *shipping_class;
  order.card_token = row.text("card_token");
  order.clock = row.bytes("clock");
  order.database_ms = row.int64("database_ms");
  return order;
}

}  // namespace

absl::StatusOr<Reviewed> Store::read_review(const base::OrderId& order_id,
                                            base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  batch.add(kReadReview, {order_id.value});
  batch.add(kLines, {order_id.value});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  if (results[0].empty()) return absl::NotFoundError("no such order");
  Reviewed order = read_reviewed(results[0][0]);
  order.lines = read_lines(results[1]);
  return order;
}

absl::StatusOr<std::vector<Reviewed>> Store::overdue_reviews(size_t limit,
                                                             base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kOverdueReviews, {limit}, deadline));
  std::vector<Reviewed> overdue;
  for (const Row& row : rows) overdue.push_back(read_reviewed(row));
  return overdue;
}

absl::StatusOr<std::optional<int32_t>> Store::decide_review(const ReviewDecision& decision,
                                                            base::Deadline deadline) {
  BOOKSTORE_CHECK(legal_move(State::kInReview, decision.to), "review to ",
                  base::absl_view(to_text(decision.to)));
  const bool approved = decision.to == State::kSubmitting;
  // A key that an order in review was promised under is never freed: its 202 is replayed.
  BOOKSTORE_CHECK(approved == decision.reason.empty() && !frees_key(decision.reason), "reason ",
                  decision.reason);
  BOOKSTORE_CRASH_BEFORE(kReview);
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto rows,
      pool_.query(kDecideReview,
                  {decision.order_id.value, decision.revision, to_text(decision.to),
                   approved ? Param(std::nullopt) : Param(decision.reason), decision.by,
                   decision.note.empty() ? Param(std::nullopt) : Param(decision.note),
                   Bytes{decision.clock}, decision.lease_ms,
                   approved ? Param(Bytes{decision.submit_bytes}) : Param(std::nullopt),
                   approved ? Param(decision.accept_before_ms) : Param(std::nullopt)},
                  deadline));
  BOOKSTORE_CRASH_AFTER(kReview);
  if (rows.empty()) return std::optional<int32_t>();
  return static_cast<int32_t>(rows[0].int64("attempt"));
}

}  // namespace bookstore::orders
