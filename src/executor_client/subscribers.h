#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "executor_client/transition_watch.h"

namespace bookstore::executor_client {

// Who wants to hear of which order. Any thread; tell() and tell_all() one at a time.
class Subscribers : public std::enable_shared_from_this<Subscribers> {
 public:
  using Listener = TransitionWatch::Listener;

  explicit Subscribers(size_t capacity) : capacity_(capacity) {}

  // An empty order id hears of every order.
  absl::StatusOr<std::unique_ptr<TransitionWatch::Subscription>> add(std::string order_id,
                                                                     Listener listener);
  void tell(const contracts::executor::Transition& transition);
  void tell_all(const WatchEvent& event);
  size_t size() const;

 private:
  // Recursive: a listener may destroy its own subscription.
  struct Entry {
    explicit Entry(Listener to_call) : listener(std::move(to_call)) {}
    const Listener listener;
    std::recursive_mutex mutex;  // held while the listener runs; guards active
    bool active = true;
  };
  class SubscriptionImpl;
  using Entries = std::multimap<std::string, std::shared_ptr<Entry>>;

  void remove(const std::string& order_id, const std::shared_ptr<Entry>& entry);
  static void tell(const std::vector<std::shared_ptr<Entry>>& entries, const WatchEvent& event);

  const size_t capacity_;
  mutable std::mutex mutex_;  // guards entries_; never held while a listener runs
  Entries entries_;
};

}  // namespace bookstore::executor_client
