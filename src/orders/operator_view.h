#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "orders/store.h"
#include "postgres/pool.h"

// Orders as an operator sees them: everything the row knows but the HMACs, the token and the bytes.
namespace bookstore::orders {

struct OperatorView {
  Order order;
  Customer customer;
  Address billing_address;
  int32_t attempt = 0;
  std::optional<int32_t> checked_attempt;
  base::DurationMs lease_left_ms = 0;  // by the database's clock; 0: lapsed
  std::string fraud_verdict;           // empty without a score
  std::optional<double> fraud_score;
  std::vector<std::string> fraud_reasons;
  std::vector<std::string> policies;
  bool was_in_review = false;
  std::optional<base::WallMs> review_until_ms;
  std::optional<base::WallMs> reviewed_at_ms;
  std::string reviewed_by;
  std::string review_note;
  std::optional<base::WallMs> accept_before_ms;
  uint64_t executor_index = 0;
  std::optional<int> answer_status;               // what the shopper was told
  std::optional<base::WallMs> key_expires_at_ms;  // empty: the idempotency key is gone
};

// NotFound.
absl::StatusOr<OperatorView> read_operator_view(postgres::Pool& pool, const base::OrderId& order_id,
                                                base::Deadline deadline);

struct ListQuery {
  std::optional<State> state;  // empty: all
  std::string after;           // the last id of the page before; empty: the first page
  size_t limit = 50;
};

struct ListedOrder {
  base::OrderId id;
  State state = State::kReceived;
  std::string reason;
  int64_t revision = 0;
  base::WallMs created_at_ms = 0;
  base::WallMs updated_at_ms = 0;
  base::Money total;
  std::string customer_name;
  std::optional<double> fraud_score;
  std::optional<base::WallMs> review_until_ms;
};

// Whoever waits is served first: the oldest first where `state` is one that orders leave, the
// newest first otherwise.
absl::StatusOr<std::vector<ListedOrder>> list_orders(postgres::Pool& pool, const ListQuery& query,
                                                     base::Deadline deadline);

}  // namespace bookstore::orders
