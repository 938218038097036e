#include "orders/operator_view.h"

#include "base/check.h"
#include "base/status.h"
#include "orders/rows.h"

namespace bookstore::orders {
namespace {

using postgres::Param;
using postgres::Row;
using postgres::Statement;

#define MS(column) "(extract(epoch FROM " column ") * 1000)::bigint"

constexpr Statement kView{
    "SELECT o.customer_name, o.customer_email, o.billing_address, o.attempt, o.checked_attempt, "
    "greatest(0, ceil(extract(epoch FROM o.lease_until - now()) * 1000))::bigint AS lease_left_ms, "
    "coalesce(o.fraud_verdict, '') AS fraud_verdict, o.fraud_score, o.fraud_reasons, o.policies, "
    "o.was_in_review, " MS("o.review_until") " AS review_until, " MS("o.reviewed_at")
    " AS reviewed_at, coalesce(o.reviewed_by, '') AS reviewed_by, "
    "coalesce(o.review_note, '') AS review_note, " MS("o.accept_before") " AS accept_before, "
    "o.executor_index, o.answer_status, " MS("k.expires_at") " AS key_expires_at "
    "FROM orders.orders o LEFT JOIN orders.idempotency_key k USING (order_id) "
    "WHERE o.order_id = $1"};

#define LISTED \
  "SELECT order_id, state, coalesce(reason, '') AS reason, revision, "                    \
  MS("created_at") " AS created_ms, " MS("updated_at") " AS updated_ms, currency, "       \
  "total_minor, customer_name, fraud_score, " MS("review_until") " AS review_until "      \
  "FROM orders.orders WHERE "

constexpr Statement kOldestFirst{LISTED "state = $1 AND order_id > $2 ORDER BY order_id LIMIT $3"};
constexpr Statement kNewestFirst{LISTED
                                 "state = $1 AND order_id < $2 ORDER BY order_id DESC LIMIT $3"};
constexpr Statement kAllNewestFirst{LISTED "order_id < $1 ORDER BY order_id DESC LIMIT $2"};

// Above every id.
constexpr char kLast[] = "p";

Address address_of(const std::vector<std::string>& lines) {
  BOOKSTORE_CHECK(lines.size() == 6, "an address of ", lines.size(), " lines");
  return {lines[0], lines[1], lines[2], lines[3], lines[4], lines[5]};
}

ListedOrder listed_of(const Row& row) {
  return {{row.text("order_id")},
          state_of(row),
          row.text("reason"),
          row.int64("revision"),
          row.int64("created_ms"),
          row.int64("updated_ms"),
          {row.text("currency"), row.int64("total_minor")},
          row.text("customer_name"),
          row.maybe_real("fraud_score"),
          row.maybe_int64("review_until")};
}

}  // namespace

absl::StatusOr<OperatorView> read_operator_view(postgres::Pool& pool, const base::OrderId& order_id,
                                                base::Deadline deadline) {
  OperatorView view;
  BOOKSTORE_ASSIGN_OR_RETURN(view.order, Store(pool).read(order_id, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool.query(kView, {order_id.value}, deadline));
  if (rows.empty()) return absl::NotFoundError("no such order");
  const Row row = rows[0];
  view.customer = {row.text("customer_name"), row.text("customer_email")};
  view.billing_address = address_of(row.texts("billing_address"));
  view.attempt = static_cast<int32_t>(row.int64("attempt"));
  if (const auto checked = row.maybe_int64("checked_attempt")) {
    view.checked_attempt = static_cast<int32_t>(*checked);
  }
  view.lease_left_ms = row.int64("lease_left_ms");
  view.fraud_verdict = row.text("fraud_verdict");
  view.fraud_score = row.maybe_real("fraud_score");
  view.fraud_reasons = row.texts("fraud_reasons");
  view.policies = row.texts("policies");
  view.was_in_review = row.boolean("was_in_review");
  view.review_until_ms = row.maybe_int64("review_until");
  view.reviewed_at_ms = row.maybe_int64("reviewed_at");
  view.reviewed_by = row.text("reviewed_by");
  view.review_note = row.text("review_note");
  view.accept_before_ms = row.maybe_int64("accept_before");
  view.executor_index = static_cast<uint64_t>(row.int64("executor_index"));
  if (const auto status = row.maybe_int64("answer_status")) {
    view.answer_status = static_cast<int>(*status);
  }
  view.key_expires_at_ms = row.maybe_int64("key_expires_at");
  return view;
}

absl::StatusOr<std::vector<ListedOrder>> list_orders(postgres::Pool& pool, const ListQuery& query,
                                                     base::Deadline deadline) {
  const bool oldest_first = query.state && !terminal(*query.state);
  const std::string after = query.after.empty() && !oldest_first ? kLast : query.after;
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows,
                             query.state
                                 ? pool.query(oldest_first ? kOldestFirst : kNewestFirst,
                                              {to_text(*query.state), after, query.limit}, deadline)
                                 : pool.query(kAllNewestFirst, {after, query.limit}, deadline));
  std::vector<ListedOrder> listed;
  for (const Row& row : rows) listed.push_back(listed_of(row));
  return listed;
}

}  // namespace bookstore::orders
