#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "postgres/connection.h"
#include "postgres/transaction.h"

namespace bookstore::postgres {

struct PoolOptions {
  std::string conninfo;
  size_t connections_max = 4;
};

class Pool;

// A connection lent by a Pool, given back by the destructor. One thread. Not past the Pool's life.
class Lease {
 public:
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Connection& operator*() const { return *connection_; }
  Connection* operator->() const { return connection_.get(); }

 private:
  friend class Pool;
  Lease(Pool& pool, std::unique_ptr<Connection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}

  Pool* pool_;
  std::unique_ptr<Connection> connection_;  // null when moved from
};

// At most `connections_max` sessions, opened when first needed, kept open, replaced when broken.
// A database that does not let us in is asked again after kConnectPauseMs; until then everybody
// hears what the last one heard: many callers would only slow its recovery down. Any thread.
class Pool {
 public:
  static constexpr base::DurationMs kConnectPauseMs = 200;

  Pool(PoolOptions options, const base::Clock& clock);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Waits for a free connection, then opens one if it must. DEADLINE_EXCEEDED when all are lent
  // until then; UNAVAILABLE when the database does not let us in.
  absl::StatusOr<Lease> acquire(base::Deadline deadline);
  // acquire, one statement, give back.
  absl::StatusOr<Result> query(const Statement& statement, std::vector<Param> params,
                               base::Deadline deadline);

  // For metrics: connections that are lent out now.
  size_t lent() const;
  const base::Clock& clock() const { return clock_; }

 private:
  friend class Lease;
  void give_back(std::unique_ptr<Connection> connection);
  absl::StatusOr<std::unique_ptr<Connection>> connect(base::Deadline deadline);

  const PoolOptions options_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  size_t lent_ = 0;
  absl::Status refusal_;  // of the last try to connect, while it counts
  base::SteadyMs refused_until_ms_ = 0;
};

inline constexpr int kTransactionTriesMax = 5;

// Runs `work(Transaction&) -> absl::Status` in a transaction and commits it; runs it again from
// the start when the database answers ABORTED (deadlock, serialization), at most
// kTransactionTriesMax times within the deadline. `work` must have no effect outside the database.
template <class Work>
absl::Status in_transaction(Pool& pool, base::Deadline deadline, Work work,
                            Transaction::Options options = {}) {
  absl::Status last;
  for (int tries = 0; tries < kTransactionTriesMax; ++tries) {
    auto lease = pool.acquire(deadline);
    if (!lease.ok()) return lease.status();
    auto transaction = Transaction::begin(**lease, deadline, options);
    if (!transaction.ok()) return transaction.status();
    last = work(*transaction);
    if (last.ok()) last = transaction->commit();
    if (last.code() != absl::StatusCode::kAborted) return last;
  }
  return last;
}

}  // namespace bookstore::postgres
