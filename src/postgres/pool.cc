#include "postgres/pool.h"

#include <chrono>

#include "base/check.h"

namespace bookstore::postgres {

Lease::~Lease() {
  if (connection_ != nullptr) pool_->give_back(std::move(connection_));
}

Pool::Pool(PoolOptions options, const base::Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  BOOKSTORE_CHECK(options_.connections_max > 0);
}

Pool::~Pool() {
  BOOKSTORE_CHECK(lent() == 0, "a lease outlives its pool");
}

absl::StatusOr<Lease> Pool::acquire(base::Deadline deadline) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    const auto free = [&] { return lent_ < options_.connections_max; };
    if (!returned_.wait_for(lock, std::chrono::milliseconds(deadline.remaining_ms(clock_)), free)) {
      return absl::DeadlineExceededError("database: every connection of the pool is in use");
    }
    ++lent_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection == nullptr || !connection->alive()) {
    auto opened = connect(deadline);
    if (!opened.ok()) {
      give_back(nullptr);
      return opened.status();
    }
    connection = *std::move(opened);
  }
  return Lease(*this, std::move(connection));
}

absl::StatusOr<std::unique_ptr<Connection>> Pool::connect(base::Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (!refusal_.ok() && clock_.steady_ms() < refused_until_ms_) return refusal_;
  }
  auto opened = Connection::open(options_.conninfo, clock_, deadline);
  const std::lock_guard lock(mutex_);
  // A timeout says more about its caller's deadline than about the next one's.
  refusal_ = absl::IsUnavailable(opened.status()) ? opened.status() : absl::OkStatus();
  refused_until_ms_ = clock_.steady_ms() + kConnectPauseMs;
  return opened;
}

absl::StatusOr<Result> Pool::query(const Statement& statement, std::vector<Param> params,
                                   base::Deadline deadline) {
  auto lease = acquire(deadline);
  if (!lease.ok()) return lease.status();
  return (*lease)->query(statement, std::move(params), deadline);
}

size_t Pool::lent() const {
  const std::lock_guard lock(mutex_);
  return lent_;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  // Closed outside the lock when it cannot be used again.
  if (connection != nullptr && (connection->broken() || connection->in_transaction())) {
    connection.reset();
  }
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace bookstore::postgres
