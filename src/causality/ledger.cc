#include "causality/ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace bookstore::causality {

Ledger::Ledger(Config config, const base::Clock& clock)
    : config_(std::move(config)), clock_(clock), started_at_ms_(clock.wall_ms()) {}

void Ledger::drop_expired_locked() {
  const base::SteadyMs now_ms = clock_.steady_ms();
  while (!expiries_.empty() && expiries_.begin()->first <= now_ms) {
    const auto front = expiries_.begin();
    const auto found = states_.find(front->second);
    // A later epoch has its own, later expiry.
    if (found != states_.end() && found->second.expires_at_ms == front->first) {
      states_.erase(found);
    }
    expiries_.erase(front);
  }
}

absl::StatusOr<std::shared_ptr<Recorder>> Ledger::init(const std::string& order_id, Epoch epoch,
                                                       base::WallMs issued_at_ms) {
  const base::WallMs now_ms = clock_.wall_ms();
  if (issued_at_ms < started_at_ms_ || issued_at_ms < now_ms - config_.init_age_max_ms) {
    return absl::FailedPreconditionError(
        absl::StrCat("stale_init: Init of ", order_id, " was issued too long ago"));
  }
  const std::lock_guard lock(mutex_);
  drop_expired_locked();
  const auto found = states_.find(order_id);
  if (found != states_.end() && found->second.epoch >= epoch) {
    return absl::FailedPreconditionError(
        absl::StrCat("stale_epoch: ", order_id, " already has attempt ",
                     found->second.epoch.attempt, " restart ", found->second.epoch.restart));
  }
  if (found == states_.end() && states_.size() >= config_.orders_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("ledger_full: ", config_.orders_max, " orders are being checked"));
  }
  const base::SteadyMs expires_at_ms = clock_.steady_ms() + config_.state_lifetime_ms;
  auto recorder = std::make_shared<Recorder>(config_.host);
  states_[order_id] = State{epoch, expires_at_ms, recorder};
  expiries_.emplace(expires_at_ms, order_id);
  return recorder;
}

absl::StatusOr<std::shared_ptr<Recorder>> Ledger::find(const std::string& order_id, Epoch epoch) {
  const std::lock_guard lock(mutex_);
  drop_expired_locked();
  const auto found = states_.find(order_id);
  if (found == states_.end() || found->second.epoch != epoch) {
    return absl::FailedPreconditionError(
        absl::StrCat("unknown_order: ", order_id, " was not initialised here"));
  }
  return found->second.recorder;
}

size_t Ledger::size() const {
  const std::lock_guard lock(mutex_);
  return states_.size();
}

}  // namespace bookstore::causality
