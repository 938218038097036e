#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "contracts/methods.h"

namespace bookstore::executor_client {

// What a subscriber hears: a transition of its order, or that one may have been missed.
struct WatchEvent {
  enum class Kind {
    kTransition,
    kReread,  // the watch (re)connected or met a gap: read the order again
  };
  Kind kind = Kind::kReread;
  contracts::executor::Transition transition;  // kTransition only
};

// Keeps one WatchTransitions long poll open at some member and tells local subscribers.
// A subscriber that subscribes first and reads the order second misses nothing: whatever happens
// after the read is either told or covered by a kReread. Any thread.
class TransitionWatch {
 public:
  struct Config {
    std::vector<std::string> members;  // HOST:PORT, at least one
    base::DurationMs poll_ms = 20'000;
    base::DurationMs connect_timeout_ms = 1'000;
    base::DurationMs backoff_min_ms = 50;  // jittered, doubles up to the maximum
    base::DurationMs backoff_max_ms = 2'000;
    size_t subscribers_max = 10'000;
  };
  // Must not block, may subscribe and unsubscribe; runs on a thread of the rpc layer, one at a
  // time.
  using Listener = std::function<void(const WatchEvent&)>;

  // Unsubscribes when destroyed; after its destructor returns the listener does not run any more
  // (from within the listener itself: is not called again). Never destroy it while holding a lock
  // that the listener takes.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  TransitionWatch(Config config, const base::Clock& clock, base::Random& random);
  // Stops and waits for a listener that runs. Subscriptions may outlive the watch.
  ~TransitionWatch();
  TransitionWatch(const TransitionWatch&) = delete;
  TransitionWatch& operator=(const TransitionWatch&) = delete;

  void start();

  // ResourceExhausted at the capacity: the caller answers without waiting.
  absl::StatusOr<std::unique_ptr<Subscription>> subscribe(std::string order_id, Listener listener);
  // Hears every transition (for clean-up, the console); counts against the same capacity.
  absl::StatusOr<std::unique_ptr<Subscription>> subscribe_all(Listener listener);

  bool connected() const;
  size_t subscribers() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::executor_client
