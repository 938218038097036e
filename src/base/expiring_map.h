#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/clock.h"

namespace bookstore::base {

// What a process remembers for a fixed time: values by string key, each dropped `lifetime_ms`
// after it was put. Lifetimes are equal, so the oldest is always the first to expire and nothing
// needs a timer: expiry happens on use. At the capacity put() says no. Any thread.
template <class Value>
class ExpiringMap {
 public:
  struct Config {
    DurationMs lifetime_ms;
    size_t capacity;
  };
  explicit ExpiringMap(Config config) : config_(config) {}

  // Replaces what the key had, with a lifetime of its own. False at the capacity.
  [[nodiscard]] bool put(const std::string& key, Value value, SteadyMs now_ms) {
    const std::lock_guard lock(mutex_);
    drop_expired(now_ms);
    const auto found = entries_.find(key);
    if (found == entries_.end() && entries_.size() >= config_.capacity) return false;
    const uint64_t generation = ++last_generation_;
    entries_.insert_or_assign(key, Entry{std::move(value), generation});
    order_.push_back({now_ms + config_.lifetime_ms, generation, key});
    // Replaced entries leave their place in the queue behind; a key put for ever must not grow it.
    if (order_.size() > 2 * config_.capacity + 16) compact();
    return true;
  }

  std::optional<Value> find(const std::string& key, SteadyMs now_ms) {
    const std::lock_guard lock(mutex_);
    drop_expired(now_ms);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second.value;
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    Value value;
    uint64_t generation;
  };
  struct Place {
    SteadyMs expires_at_ms;
    uint64_t generation;
    std::string key;
  };
  bool current(const Place& place) const {
    const auto found = entries_.find(place.key);
    return found != entries_.end() && found->second.generation == place.generation;
  }
  void drop_expired(SteadyMs now_ms) {
    while (!order_.empty() && order_.front().expires_at_ms <= now_ms) {
      if (current(order_.front())) entries_.erase(order_.front().key);
      order_.pop_front();
    }
  }
  void compact() {
    std::deque<Place> kept;
    for (Place& place : order_) {
      if (current(place)) kept.push_back(std::move(place));
    }
    order_ = std::move(kept);
  }

  const Config config_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Entry> entries_;
  std::deque<Place> order_;  // by expiry; an entry's place is the one with its generation
  uint64_t last_generation_ = 0;
};

}  // namespace bookstore::base
