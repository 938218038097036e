#include "resilience/circuit_breaker.h"

#include <algorithm>

namespace bookstore::resilience {

std::optional<CircuitBreaker::Permit> CircuitBreaker::acquire(base::SteadyMs now_ms) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen && now_ms >= open_until_ms_) {
    state_ = State::kHalfOpen;
    ++generation_;
    trials_given_ = trials_succeeded_ = 0;
    trial_lease_until_ms_ = now_ms + config_.trial_lease_ms;
  }
  if (state_ == State::kHalfOpen) {
    // Trials whose callers never reported: the lease is over, so a fresh set is given.
    if (trials_given_ >= config_.trial_permits && now_ms >= trial_lease_until_ms_) {
      ++generation_;
      trials_given_ = trials_succeeded_ = 0;
    }
    if (trials_given_ >= config_.trial_permits) return {};
    ++trials_given_;
    trial_lease_until_ms_ = now_ms + config_.trial_lease_ms;
    return Permit{generation_, now_ms};
  }
  if (state_ == State::kOpen) return {};
  return Permit{generation_, now_ms};
}

void CircuitBreaker::report(const Permit& permit, Outcome outcome, base::SteadyMs now_ms,
                            base::Random& random) {
  const std::lock_guard lock(mutex_);
  if (permit.generation != generation_) return;  // an earlier life decides nothing here
  const bool slow = now_ms - permit.started_at_ms >= config_.slow_call_ms;
  if (state_ == State::kHalfOpen) {
    if (outcome == Outcome::kIgnored) {
      --trials_given_;  // it told us nothing: somebody else may try
    } else if (outcome == Outcome::kFailure || slow) {
      open_locked(now_ms, random);
    } else if (++trials_succeeded_ >= config_.trial_permits) {
      close_locked();
    }
    return;
  }
  if (state_ != State::kClosed) return;
  count_locked(outcome, slow, now_ms);
  if (tripped_locked(now_ms)) open_locked(now_ms, random);
}

void CircuitBreaker::open_locked(base::SteadyMs now_ms, base::Random& random) {
  const uint32_t doublings = std::min<uint32_t>(consecutive_opens_, 20);
  const base::DurationMs plain_ms = std::min(config_.open_max_ms, config_.open_min_ms << doublings);
  // ±20 %, so that many callers do not try again in step.
  const base::DurationMs spread_ms = plain_ms * 2 / 5;
  const base::DurationMs jitter_ms =
      spread_ms > 0 ? static_cast<base::DurationMs>(random.below(static_cast<uint64_t>(spread_ms)))
                    : 0;
  state_ = State::kOpen;
  ++generation_;
  ++consecutive_opens_;
  open_until_ms_ = now_ms + plain_ms - spread_ms / 2 + jitter_ms;
}

void CircuitBreaker::close_locked() {
  state_ = State::kClosed;
  ++generation_;
  consecutive_opens_ = 0;
  buckets_.fill(Bucket{});
}

void CircuitBreaker::count_locked(Outcome outcome, bool slow, base::SteadyMs now_ms) {
  if (outcome == Outcome::kIgnored) return;
  const int64_t second = now_ms / 1000;
  Bucket& bucket = buckets_[static_cast<size_t>(second % kBuckets)];
  if (bucket.second != second) bucket = Bucket{.second = second};
  ++bucket.calls;
  bucket.failures += outcome == Outcome::kFailure ? 1 : 0;
  bucket.slow += slow ? 1 : 0;
}

bool CircuitBreaker::tripped_locked(base::SteadyMs now_ms) const {
  const int64_t oldest = now_ms / 1000 - static_cast<int64_t>(kBuckets) + 1;
  uint32_t calls = 0, failures = 0, slow = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.second < oldest) continue;
    calls += bucket.calls;
    failures += bucket.failures;
    slow += bucket.slow;
  }
  return calls >= config_.calls_min &&
         (failures >= config_.failure_ratio * calls || slow >= config_.slow_ratio * calls);
}

CircuitBreaker::State CircuitBreaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

base::DurationMs CircuitBreaker::retry_after_ms(base::SteadyMs now_ms) const {
  const std::lock_guard lock(mutex_);
  const base::SteadyMs until_ms = state_ == State::kOpen ? open_until_ms_ : trial_lease_until_ms_;
  return std::max<base::DurationMs>(1, until_ms - now_ms);
}

}  // namespace bookstore::resilience
