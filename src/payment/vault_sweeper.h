#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "postgres/pool.h"

namespace bookstore::payment {

// Takes cards out of the vault: a card dies with its order's end, which orders publishes, and one
// that no order row names (a try that was given up, an earlier attempt's) after an hour. Soon after
// a payment ended, and every few seconds anyway; so many rows a transaction. Owns its thread; any
// number of sweepers may run, on any machine.
class VaultSweeper {
 public:
  struct Config {
    base::DurationMs every_ms = 10'000;
    // An order's end is projected a moment after its payment's; ends in between are swept together.
    base::DurationMs after_end_ms = 1'000;
    base::DurationMs unnamed_ms = 3'600'000;
    int64_t rows_max = 256;  // of one transaction
  };
  struct Swept {
    uint64_t ended = 0;    // of orders that ended
    uint64_t unnamed = 0;  // of no order
  };
  struct Counters {
    Swept swept;
    uint64_t failures = 0;
  };
  // `pool` outlives it.
  VaultSweeper(postgres::Pool& pool, Config config);
  ~VaultSweeper();
  VaultSweeper(const VaultSweeper&) = delete;
  VaultSweeper& operator=(const VaultSweeper&) = delete;

  // A payment was committed, aborted or refused. Never waits. Any thread.
  void payment_ended();
  // Until nothing is left to take. Any thread.
  absl::StatusOr<Swept> sweep(base::Deadline deadline);
  Counters counters() const;

 private:
  void run();

  postgres::Pool& pool_;
  const Config config_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  base::SteadyMs next_ms_;  // when the thread sweeps
  Counters counters_;
  std::thread thread_;
};

}  // namespace bookstore::payment
