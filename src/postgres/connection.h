#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "postgres/error.h"
#include "postgres/param.h"
#include "postgres/result.h"

extern "C" {
struct pg_conn;
}

namespace bookstore::postgres {

// SQL with $1, $2, …; prepared on its first use by each connection. A constant:
//   constexpr Statement kFree{"SELECT free FROM inventory.published_stock WHERE book_id = $1"};
// The text must outlive the call (a Batch: its run()). A program has a bounded number of texts
// (kStatementsMax a connection, CHECKed): lists go into array parameters, never into the text.
struct Statement {
  std::string_view sql;
};

inline constexpr size_t kStatementsMax = 512;
// One message of a batch; also the limit on statements of one Batch.
inline constexpr size_t kBatchMax = 4096;
// What the server allows any statement, and any silent open transaction, when our own deadlines
// fail to end it (a frozen or vanished client must not hold locks).
inline constexpr base::DurationMs kServerTimeoutMs = 60'000;

// One session. Used by one thread at a time. No call blocks past its deadline (plus
// half a second in which a cancelled statement may still answer); after that the connection is
// broken() and must be dropped, which Pool does.
class Connection {
 public:
  // `conninfo` is a libpq URL or key=value string; several hosts are allowed, the writable one is
  // taken. Its password never appears in an error.
  static absl::StatusOr<std::unique_ptr<Connection>> open(const std::string& conninfo,
                                                          const base::Clock& clock,
                                                          base::Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One prepared statement, in a transaction of its own unless one is open.
  absl::StatusOr<Result> query(const Statement& statement, std::vector<Param> params,
                               base::Deadline deadline);
  // SQL text without parameters, several statements allowed, no result: migrations, SET.
  absl::Status run(const std::string& sql, base::Deadline deadline);

  bool broken() const { return broken_; }
  bool in_transaction() const;
  // A statement of the open transaction failed: only rollback is left.
  bool in_failed_transaction() const;
  // False when the server has closed the session while it was idle. Does not wait.
  bool alive();
  const base::Clock& clock() const { return clock_; }

 private:
  friend class Batch;
  friend class Listener;
  struct Item {
    std::string_view sql;
    std::vector<Param> params;
  };
  struct Waiting;

  Connection(pg_conn* connection, const base::Clock& clock);

  absl::StatusOr<std::vector<Result>> pipeline(std::span<const Item> items,
                                               base::Deadline deadline);
  absl::Status send_pipeline(std::span<const Item> items,
                             std::vector<std::pair<std::string, std::string>>& prepared);
  absl::StatusOr<pg_result*> next_result(Waiting& waiting);
  absl::Status wait_readable(Waiting& waiting);
  absl::Status start_session(base::Deadline deadline);
  absl::Status mark_broken(absl::Status why);
  void request_cancel();

  pg_conn* connection_;
  const base::Clock& clock_;
  bool broken_ = false;
  std::unordered_map<std::string, std::string> prepared_;  // SQL → name on the server
};

// Statements sent together and answered together: one round trip, one sync. Outside a Transaction
// they are one transaction of their own (all or nothing). The first error is returned, with the
// statement's number; nothing after it ran.
class Batch {
 public:
  explicit Batch(Connection& connection) : connection_(connection) {}

  // Returns the index of this statement's Result.
  size_t add(const Statement& statement, std::vector<Param> params);
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  // Leaves the batch empty for another use.
  absl::StatusOr<std::vector<Result>> run(base::Deadline deadline);

 private:
  Connection& connection_;
  std::vector<Connection::Item> items_;
};

}  // namespace bookstore::postgres
