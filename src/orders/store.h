#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "orders/key_decision.h"
#include "orders/order.h"
#include "postgres/pool.h"

namespace bookstore::orders {

// An Idempotency-Key as the database knows it: two HMACs of 32 bytes.
struct Key {
  std::string scope;  // of route and customer
  std::string hash;   // of what the client sent
};

struct StoredAnswer {
  int status = 0;  // 0: the order has none
  std::string body;
};

// A key's record and what a decision about it needs.
struct KeyRecord {
  FoundKey found;
  base::OrderId order_id;
  int32_t attempt = 0;
  StoredAnswer answer;
};

// A new order, priced.
struct Claim {
  base::OrderId order_id;
  Key key;
  std::string fingerprint;   // HMAC of the canonical body, 32 bytes
  std::string customer_key;  // HMAC of the e-mail
  Customer customer;
  Address billing_address;
  ShippingClass shipping_class = ShippingClass::kStandard;
  std::vector<Line> lines;  // at least one, of different books
  base::Money total;
  base::DurationMs lease_ms = 0;
  bool replaces_expired_key = false;  // what decide_key said of an expired record
};

// An order that this process works on now.
struct Held {
  base::OrderId order_id;
  int32_t attempt = 0;
  base::WallMs database_ms = 0;  // the database's clock at the claim
  std::vector<Line> lines;
  base::Money total;
};

// What is written before anybody hears of it: compares (received, attempt).
struct Outcome {
  base::OrderId order_id;
  int32_t attempt = 0;
  State to = State::kRejected;  // rejected, in_review or submitting
  std::string reason;           // rejected only
  std::string card_token, card_brand, card_last4;
  std::string fraud_verdict;  // approve, review, reject; empty without a score
  double fraud_score = 0;
  std::vector<std::string> fraud_reasons;
  std::vector<std::string> policies;
  std::vector<std::string> degraded;
  std::string suggestions_json = "[]";
  StoredAnswer answer;
  std::string submit_bytes;           // submitting only
  base::WallMs accept_before_ms = 0;  // submitting only
  std::string clock;
};

// A `submitting` order whose lease was over and is now ours.
struct TakenOver {
  base::OrderId order_id;
  int32_t attempt = 0;
  std::string submit_bytes;
  // The row's: what the Submit must say, whatever the bytes do. For an approved order the take-over
  // wrote a new one.
  base::WallMs accept_before_ms = 0;
  bool was_in_review = false;
  std::string clock;
  StoredAnswer answer;
};

// An order as a review finds it, with all that its Submit is made of.
struct Reviewed {
  base::OrderId order_id;
  State state = State::kInReview;
  int64_t revision = 0;
  std::vector<Line> lines;  // not of overdue_reviews(): nothing is submitted of those
  base::Money total;
  ShippingClass shipping_class = ShippingClass::kStandard;
  std::string card_token;
  std::string clock;
  base::WallMs database_ms = 0;  // the database's clock when it was read
};

// What came of a review: compares (in_review, revision).
struct ReviewDecision {
  base::OrderId order_id;
  int64_t revision = 0;
  State to = State::kRejected;  // submitting (attempt + 1) or rejected
  std::string reason;           // rejected only
  std::string by;               // an operator, or "sweep"
  std::string note;             // may be empty
  std::string clock;
  base::DurationMs lease_ms = 0;      // submitting only, as the next two
  std::string submit_bytes;           // with accept_before_ms in them
  base::WallMs accept_before_ms = 0;  // the database's clock + 120 s
};

// One transition of the executor, as its log made it.
struct Transition {
  base::OrderId order_id;
  State state = State::kAccepted;
  std::string reason;
  uint64_t index = 0;
  std::string
      clock;  // the executor's of the order (wire form); the row gets the join; may be empty
};

// A row that a projected terminal transition found or left terminal. Nothing ever moves it again,
// so no Submit with a later accept_before can come (docs/adr/0006).
struct SettledRow {
  base::OrderId order_id;
  base::WallMs accept_before_ms = 0;
};

struct ProjectionReport {
  size_t applied = 0;
  size_t known = 0;
  size_t older = 0;
  size_t illegal = 0;               // refused: the table has no path
  size_t unknown = 0;               // no such row
  std::vector<SettledRow> settled;  // an illegal or unknown one is not among them
};

struct Unfinished {
  base::OrderId order_id;
  State state = State::kSubmitting;
  uint64_t executor_index = 0;
};

// Orders and their keys in PostgreSQL (schema orders). Any thread; blocks in the database.
// "False: lost" means that the compare failed: somebody else moved the order; re-read it and
// answer as a retry would. UNAVAILABLE and DEADLINE_EXCEEDED of a write: nobody knows whether it
// happened; every write here may be found done by the next reader.
class Store {
 public:
  static constexpr size_t kBatchMax = 32;

  explicit Store(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<KeyRecord>> find_key(const Key& key, const std::string& fingerprint,
                                                    base::Deadline deadline);
  // The same question in the caller's batch; read_key reads the result at the index returned.
  static size_t add_find_key(postgres::Batch& batch, const Key& key,
                             const std::string& fingerprint);
  static std::optional<KeyRecord> read_key(const postgres::Result& rows);
  // Claims the key and inserts the order `received`, attempt 1, in one transaction.
  // AlreadyExists: another request has claimed the key meanwhile.
  absl::StatusOr<Held> claim(const Claim& claim, base::Deadline deadline);
  // A `received` order whose lease lapsed: attempt + 1. Empty: lost.
  absl::StatusOr<std::optional<Held>> retake(const base::OrderId& order_id, int32_t attempt,
                                             base::DurationMs lease_ms, base::Deadline deadline);

  // False: lost. A rejection for a reason that is no verdict frees the key in the same
  // transaction.
  absl::StatusOr<bool> write_outcome(const Outcome& outcome, base::Deadline deadline);
  // submitting → accepted, by this attempt. False: lost (the projection may have been faster).
  absl::StatusOr<bool> accept(const base::OrderId& order_id, int32_t attempt, uint64_t index,
                              const std::string& clock, base::Deadline deadline);
  // submitting → rejected(no_leader | queue_full | expired), by this attempt; frees the key.
  absl::StatusOr<bool> reject_submitting(const base::OrderId& order_id, int32_t attempt,
                                         std::string_view reason, const StoredAnswer& answer,
                                         base::Deadline deadline);

  // One named order (the shopper asks), or the oldest ones (nobody asks); attempt + 1. An order
  // that was in review never expires: it gets a new accept_before, `accept_before_ms` from the
  // database's now.
  absl::StatusOr<std::optional<TakenOver>> take_over(const base::OrderId& order_id, int32_t attempt,
                                                     base::DurationMs lease_ms,
                                                     base::DurationMs accept_before_ms,
                                                     base::Deadline deadline);
  absl::StatusOr<std::vector<TakenOver>> take_over_lapsed(size_t limit, base::DurationMs lease_ms,
                                                          base::DurationMs accept_before_ms,
                                                          base::Deadline deadline);
  // received, 10 min past its lease → rejected(abandoned); frees the key. How many.
  absl::StatusOr<int64_t> reject_abandoned(size_t limit, base::Deadline deadline);
  // Removes expired keys of orders that are not undecided. How many.
  absl::StatusOr<int64_t> remove_expired_keys(size_t limit, base::Deadline deadline);

  // NotFound.
  absl::StatusOr<Reviewed> read_review(const base::OrderId& order_id, base::Deadline deadline);
  // Orders that nobody decided about within seven days, the longest overdue first.
  absl::StatusOr<std::vector<Reviewed>> overdue_reviews(size_t limit, base::Deadline deadline);
  // The row's attempt; empty: lost.
  absl::StatusOr<std::optional<int32_t>> decide_review(const ReviewDecision& decision,
                                                       base::Deadline deadline);

  // NotFound.
  absl::StatusOr<Order> read(const base::OrderId& order_id, base::Deadline deadline);

  // Applies what the table allows (judge_projection), in one transaction; of several transitions
  // of one order the newest counts. At most kBatchMax. Idempotent.
  absl::StatusOr<ProjectionReport> project(std::span<const Transition> transitions,
                                           base::Deadline deadline);
  // Orders that the executor may still move, by id, after `after` (empty: from the first).
  absl::StatusOr<std::vector<Unfinished>> unfinished(const std::string& after, size_t limit,
                                                     base::Deadline deadline);

  // Moves that were refused since the start: a counter that should stay 0.
  uint64_t illegal_moves() const { return illegal_moves_.load(); }

 private:
  absl::StatusOr<std::vector<TakenOver>> take_over_rows(absl::StatusOr<postgres::Result> rows);

  postgres::Pool& pool_;
  std::atomic<uint64_t> illegal_moves_{0};
};

}  // namespace bookstore::orders
