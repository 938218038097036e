#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace bookstore::order_executor {

// The waiting orders. The smallest (key, index) is served first, where key = enqueue time + class
// offset, given once and never re-sorted; one dispatch in kFairEvery serves the oldest waiting
// order of any class instead, so no flood starves anyone.
// A value of the replicated state: the same calls give the same answers on every replica.
class DispatchQueue {
 public:
  static constexpr uint64_t kFairEvery = 10;

  explicit DispatchQueue(uint64_t dispatched = 0) : dispatched_(dispatched) {}

  void push(base::OrderId id, int64_t key, uint64_t index);
  // The order leaves the queue as the next dispatch. It must be waiting.
  void dispatch(int64_t key, uint64_t index);
  // The order leaves without being served. It must be waiting.
  void drop(int64_t key, uint64_t index);

  // The next `count` (or fewer) in the order in which they are to be dispatched. Changes nothing.
  std::vector<base::OrderId> next(size_t count) const;

  // How many have a smaller (key, index). Walks past them: for people, not for every order.
  size_t ahead_of(int64_t key, uint64_t index) const;

  bool holds(uint64_t index) const { return key_by_index_.count(index) != 0; }
  size_t size() const { return by_key_.size(); }
  uint64_t dispatched() const { return dispatched_; }

 private:
  using Place = std::pair<int64_t, uint64_t>;  // key, index of the Submit entry

  // Invariant: both maps hold the same orders; an index is in at most one place.
  std::map<Place, base::OrderId> by_key_;
  std::map<uint64_t, int64_t> key_by_index_;  // the front is the oldest
  uint64_t dispatched_ = 0;
};

}  // namespace bookstore::order_executor
