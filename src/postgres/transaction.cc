#include "postgres/transaction.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::postgres {
namespace {

constexpr base::DurationMs kRollbackMs = 1'000;

const char* isolation_sql(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      return "READ COMMITTED";
    case Isolation::kRepeatableRead:
      return "REPEATABLE READ";
    case Isolation::kSerializable:
      return "SERIALIZABLE";
  }
  return "SERIALIZABLE";
}

}  // namespace

absl::StatusOr<Transaction> Transaction::begin(Connection& connection, base::Deadline deadline) {
  return begin(connection, deadline, Options{});
}

absl::StatusOr<Transaction> Transaction::begin(Connection& connection, base::Deadline deadline,
                                               Options options) {
  BOOKSTORE_CHECK(!connection.in_transaction(), "a transaction is open on this connection");
  const base::DurationMs left_ms =
      std::min(deadline.remaining_ms(connection.clock()), kServerTimeoutMs);
  if (left_ms == 0) return absl::DeadlineExceededError("database: no time left to begin");
  // A row lock that another transaction keeps must end by our deadline even if our cancel
  // request never arrives.
  std::string sql = absl::StrCat("BEGIN ISOLATION LEVEL ", isolation_sql(options.isolation),
                                 "; SET LOCAL statement_timeout = ", left_ms);
  if (options.durability == Durability::kRelaxed) sql += "; SET LOCAL synchronous_commit = off";
  if (absl::Status status = connection.run(sql, deadline); !status.ok()) return status;
  return Transaction(connection, deadline);
}

Transaction::~Transaction() {
  if (connection_ == nullptr || connection_->broken()) return;
  const auto rollback_by = base::Deadline::after(connection_->clock(), kRollbackMs);
  connection_->run("ROLLBACK", rollback_by).IgnoreError();  // if it fails the connection is broken
}

absl::StatusOr<Result> Transaction::query(const Statement& statement, std::vector<Param> params) {
  BOOKSTORE_CHECK(connection_ != nullptr, "the transaction has ended");
  return connection_->query(statement, std::move(params), deadline_);
}

absl::Status Transaction::commit() {
  BOOKSTORE_CHECK(connection_ != nullptr, "the transaction has ended");
  if (connection_->in_failed_transaction()) {
    return absl::AbortedError("database: a statement of the transaction failed");
  }
  Connection& connection = *std::exchange(connection_, nullptr);
  return connection.run("COMMIT", deadline_);
}

}  // namespace bookstore::postgres
