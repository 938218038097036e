#include "payment/vault_sweeper.h"

#include <algorithm>
#include <chrono>

#include "base/crash_point.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace bookstore::payment {
namespace {

constexpr base::DurationMs kSweepMs = 10'000;

// SKIP LOCKED: a card that is tokenised again at this moment waits for the next sweep.
constexpr postgres::Statement kSweep{
    "WITH dead AS ("
    "  SELECT v.token, o.state IS NOT NULL"
    "    AND o.state IN ('rejected', 'completed', 'failed', 'canceled') AS ended"
    "  FROM payment.vault v LEFT JOIN orders.published_order_states o USING (order_id)"
    "  WHERE o.state IN ('rejected', 'completed', 'failed', 'canceled')"
    "     OR (v.created_at < now() - $1 * interval '1 millisecond'"
    "         AND o.card_token IS DISTINCT FROM v.token)"
    "  ORDER BY v.created_at LIMIT $2 FOR UPDATE OF v SKIP LOCKED), "
    "gone AS ("
    "  DELETE FROM payment.vault v USING dead WHERE v.token = dead.token RETURNING dead.ended) "
    "SELECT count(*) FILTER (WHERE ended) AS ended, count(*) FILTER (WHERE NOT ended) AS unnamed "
    "FROM gone"};

}  // namespace

VaultSweeper::VaultSweeper(postgres::Pool& pool, Config config)
    : pool_(pool),
      config_(config),
      next_ms_(pool.clock().steady_ms() + config.every_ms),
      thread_([this] { run(); }) {}

VaultSweeper::~VaultSweeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void VaultSweeper::payment_ended() {
  {
    const std::lock_guard lock(mutex_);
    const base::SteadyMs soon = pool_.clock().steady_ms() + config_.after_end_ms;
    if (soon >= next_ms_) return;
    next_ms_ = soon;
  }
  wake_.notify_all();
}

absl::StatusOr<VaultSweeper::Swept> VaultSweeper::sweep(base::Deadline deadline) {
  Swept all;
  for (;;) {
    BOOKSTORE_CRASH_BEFORE(kVaultSweep);
    BOOKSTORE_ASSIGN_OR_RETURN(
        const auto rows,
        pool_.query(kSweep, {static_cast<double>(config_.unnamed_ms), config_.rows_max}, deadline));
    const int64_t ended = rows[0].int64("ended");
    const int64_t unnamed = rows[0].int64("unnamed");
    if (ended > 0) BOOKSTORE_CRASH_AFTER(kVaultSweep);
    all.ended += static_cast<uint64_t>(ended);
    all.unnamed += static_cast<uint64_t>(unnamed);
    const std::lock_guard lock(mutex_);
    counters_.swept.ended += static_cast<uint64_t>(ended);
    counters_.swept.unnamed += static_cast<uint64_t>(unnamed);
    if (ended + unnamed < config_.rows_max || stopping_) return all;
  }
}

VaultSweeper::Counters VaultSweeper::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void VaultSweeper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const base::Clock& clock = pool_.clock();
    const base::DurationMs wait_ms = next_ms_ - clock.steady_ms();
    if (stopping_) return;
    if (wait_ms > 0) {
      wake_.wait_for(lock, std::chrono::milliseconds(wait_ms));
      continue;
    }
    next_ms_ = clock.steady_ms() + config_.every_ms;
    lock.unlock();
    const auto swept = sweep(base::Deadline::after(clock, kSweepMs));
    lock.lock();
    if (swept.ok()) continue;
    ++counters_.failures;
    telemetry::log(telemetry::Level::kWarning, "vault_sweep_failed",
                   {{"error", base::describe(swept.status())}});
  }
}

}  // namespace bookstore::payment
