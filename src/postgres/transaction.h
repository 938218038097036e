#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "postgres/connection.h"

namespace bookstore::postgres {

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };
// kRelaxed is synchronous_commit off: after a crash of the server the last commits may be missing.
enum class Durability { kDurable, kRelaxed };

// BEGIN … COMMIT on one connection, all under one deadline, which the server knows too. The
// destructor of one that was not committed rolls back; a failed statement leaves only rollback.
// Same thread as the connection, which must outlive it.
class Transaction {
 public:
  struct Options {
    Isolation isolation = Isolation::kReadCommitted;
    Durability durability = Durability::kDurable;
  };
  static absl::StatusOr<Transaction> begin(Connection& connection, base::Deadline deadline);
  static absl::StatusOr<Transaction> begin(Connection& connection, base::Deadline deadline,
                                           Options options);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)), deadline_(other.deadline_) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  absl::StatusOr<Result> query(const Statement& statement, std::vector<Param> params = {});
  Batch batch() { return Batch(*connection_); }
  // ABORTED when the server turned it into a rollback. UNAVAILABLE or DEADLINE_EXCEEDED: nobody
  // knows; the caller's work must be idempotent.
  absl::Status commit();
  base::Deadline deadline() const { return deadline_; }

 private:
  Transaction(Connection& connection, base::Deadline deadline)
      : connection_(&connection), deadline_(deadline) {}

  Connection* connection_;  // null once committed or moved from
  base::Deadline deadline_;
};

}  // namespace bookstore::postgres
