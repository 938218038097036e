#include "executor_client/subscribers.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace bookstore::executor_client {

class Subscribers::SubscriptionImpl final : public TransitionWatch::Subscription {
 public:
  SubscriptionImpl(std::shared_ptr<Subscribers> subscribers, std::string order_id,
                   std::shared_ptr<Entry> entry)
      : subscribers_(std::move(subscribers)),
        order_id_(std::move(order_id)),
        entry_(std::move(entry)) {}
  ~SubscriptionImpl() override { subscribers_->remove(order_id_, entry_); }

 private:
  const std::shared_ptr<Subscribers> subscribers_;
  const std::string order_id_;
  const std::shared_ptr<Entry> entry_;
};

absl::StatusOr<std::unique_ptr<TransitionWatch::Subscription>> Subscribers::add(
    std::string order_id, Listener listener) {
  auto entry = std::make_shared<Entry>(std::move(listener));
  {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= capacity_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("too_many_subscribers: ", capacity_, " are waiting for transitions"));
    }
    entries_.emplace(order_id, entry);
  }
  return std::make_unique<SubscriptionImpl>(shared_from_this(), std::move(order_id),
                                            std::move(entry));
}

void Subscribers::remove(const std::string& order_id, const std::shared_ptr<Entry>& entry) {
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = entries_.equal_range(order_id);
    for (auto it = begin; it != end; ++it) {
      if (it->second != entry) continue;
      entries_.erase(it);
      break;
    }
  }
  const std::lock_guard lock(entry->mutex);  // waits for a call of the listener that runs
  entry->active = false;
}

void Subscribers::tell(const contracts::executor::Transition& transition) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& order_id : {transition.order_id(), std::string()}) {
      const auto [begin, end] = entries_.equal_range(order_id);
      for (auto it = begin; it != end; ++it) entries.push_back(it->second);
      if (order_id.empty()) break;  // a transition without an id would tell twice
    }
  }
  tell(entries, {.kind = WatchEvent::Kind::kTransition, .transition = transition});
}

void Subscribers::tell_all(const WatchEvent& event) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [order_id, entry] : entries_) entries.push_back(entry);
  }
  tell(entries, event);
}

void Subscribers::tell(const std::vector<std::shared_ptr<Entry>>& entries,
                       const WatchEvent& event) {
  for (const auto& entry : entries) {
    const std::lock_guard lock(entry->mutex);
    if (entry->active) entry->listener(event);
  }
}

size_t Subscribers::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace bookstore::executor_client
