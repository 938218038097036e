#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "causality/recorder.h"

namespace bookstore::causality {

// One execution of an order at a checker; a later attempt or restart is a later epoch.
struct Epoch {
  uint32_t attempt = 0;
  uint32_t restart = 0;
  friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

// What a checker remembers of the orders it works on: per order the epoch and the history.
// Only init() creates state. State is dropped `state_lifetime_ms` after its Init (60 s), which is
// longer than any deadline of a checkout; at the capacity Init is refused. Any thread.
class Ledger {
 public:
  struct Config {
    std::string host;
    base::DurationMs init_age_max_ms = 60'000;
    base::DurationMs state_lifetime_ms = 60'000;
    size_t orders_max = 100'000;
  };
  Ledger(Config config, const base::Clock& clock);

  // FailedPrecondition: `stale_init` (older than init_age_max, or issued before this process
  // started) or `stale_epoch` (not above what was seen). ResourceExhausted at the capacity.
  absl::StatusOr<std::shared_ptr<Recorder>> init(const std::string& order_id, Epoch epoch,
                                                 base::WallMs issued_at_ms);
  // FailedPrecondition `unknown_order` when there is no state of exactly this epoch.
  absl::StatusOr<std::shared_ptr<Recorder>> find(const std::string& order_id, Epoch epoch);

  size_t size() const;

 private:
  struct State {
    Epoch epoch;
    base::SteadyMs expires_at_ms;
    std::shared_ptr<Recorder> recorder;
  };
  void drop_expired_locked();

  const Config config_;
  const base::Clock& clock_;
  const base::WallMs started_at_ms_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, State> states_;
  // (expiry, order id): lifetimes are equal, so the front expires first.
  std::multimap<base::SteadyMs, std::string> expiries_;
};

}  // namespace bookstore::causality
