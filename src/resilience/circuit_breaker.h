#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/random.h"

namespace bookstore::resilience {

// A circuit breaker per (peer): after too many failures or slow calls in the last ten seconds it
// refuses for a while, then lets a few trial calls decide. Pure: time and randomness come in.
//
// Two things others get wrong: a permit carries the generation it was given in, so a slow call of
// an earlier generation never decides a trial; and a trial permit is a lease, so a caller that
// never reports cannot keep the breaker half-open for ever. Any thread.
class CircuitBreaker {
 public:
  struct Config {
    uint32_t calls_min = 20;
    double failure_ratio = 0.5;
    double slow_ratio = 0.5;
    base::DurationMs slow_call_ms = 1'000;
    base::DurationMs open_min_ms = 500;  // doubles with every failed trial
    base::DurationMs open_max_ms = 30'000;
    uint32_t trial_permits = 3;
    base::DurationMs trial_lease_ms = 5'000;
  };
  enum class State { kClosed, kOpen, kHalfOpen };
  enum class Outcome { kSuccess, kFailure, kIgnored };  // kIgnored: our own cancellation

  struct Permit {
    uint64_t generation;
    base::SteadyMs started_at_ms;
  };

  explicit CircuitBreaker(Config config) : config_(config) {}

  // Empty: refused. Report every permit once; one that is never reported only ages out.
  std::optional<Permit> acquire(base::SteadyMs now_ms);
  void report(const Permit& permit, Outcome outcome, base::SteadyMs now_ms, base::Random& random);

  // At `now_ms`; an open breaker whose time is over still says open until somebody asks to pass.
  State state() const;
  // How long a refused caller should wait, at least 1.
  base::DurationMs retry_after_ms(base::SteadyMs now_ms) const;

 private:
  struct Bucket {
    int64_t second = -1;
    uint32_t calls = 0, failures = 0, slow = 0;
  };
  static constexpr size_t kBuckets = 10;  // one a second

  void open_locked(base::SteadyMs now_ms, base::Random& random);
  void close_locked();
  void count_locked(Outcome outcome, bool slow, base::SteadyMs now_ms);
  bool tripped_locked(base::SteadyMs now_ms) const;

  const Config config_;
  mutable std::mutex mutex_;  // guards what follows
  State state_ = State::kClosed;
  uint64_t generation_ = 0;
  uint32_t consecutive_opens_ = 0;
  base::SteadyMs open_until_ms_ = 0;
  // Half-open only: the leases given in this generation, and how many trials succeeded.
  uint32_t trials_given_ = 0;
  uint32_t trials_succeeded_ = 0;
  base::SteadyMs trial_lease_until_ms_ = 0;
  std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace bookstore::resilience
