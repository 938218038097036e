#include "order_executor/dispatch_queue.h"

#include <iterator>
#include <set>

#include "base/check.h"

namespace bookstore::order_executor {

void DispatchQueue::push(base::OrderId id, int64_t key, uint64_t index) {
  const bool fresh = by_key_.emplace(Place{key, index}, std::move(id)).second;
  BOOKSTORE_CHECK(fresh && key_by_index_.emplace(index, key).second, "index ", index, " again");
}

void DispatchQueue::dispatch(int64_t key, uint64_t index) {
  drop(key, index);
  ++dispatched_;
}

void DispatchQueue::drop(int64_t key, uint64_t index) {
  BOOKSTORE_CHECK(by_key_.erase({key, index}) == 1 && key_by_index_.erase(index) == 1,
                  "not waiting: key ", key, " index ", index);
}

std::vector<base::OrderId> DispatchQueue::next(size_t count) const {
  std::vector<base::OrderId> ids;
  std::set<uint64_t> taken;
  auto by_key = by_key_.begin();
  auto oldest = key_by_index_.begin();
  while (ids.size() < count && taken.size() < by_key_.size()) {
    const bool fair = (dispatched_ + ids.size()) % kFairEvery == kFairEvery - 1;
    if (fair) {
      while (taken.count(oldest->first) != 0) ++oldest;
      ids.push_back(by_key_.at({oldest->second, oldest->first}));
      taken.insert(oldest->first);
    } else {
      while (taken.count(by_key->first.second) != 0) ++by_key;
      ids.push_back(by_key->second);
      taken.insert(by_key->first.second);
    }
  }
  return ids;
}

size_t DispatchQueue::ahead_of(int64_t key, uint64_t index) const {
  return static_cast<size_t>(std::distance(by_key_.begin(), by_key_.lower_bound({key, index})));
}

}  // namespace bookstore::order_executor
