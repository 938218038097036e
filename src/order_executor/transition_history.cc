#include "order_executor/transition_history.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::order_executor {

void TransitionHistory::add(const std::vector<Transition>& transitions, uint64_t applied_index) {
  BOOKSTORE_CHECK(applied_index > last_, applied_index, " after ", last_);
  last_ = applied_index;
  transitions_.insert(transitions_.end(), transitions.begin(), transitions.end());
  while (transitions_.size() > capacity_) {
    forgotten_ = transitions_.front().index;
    while (!transitions_.empty() && transitions_.front().index == forgotten_) {
      transitions_.pop_front();
    }
  }
}

TransitionHistory::Page TransitionHistory::since(uint64_t after, size_t limit) const {
  // A cursor from the future is one of another life of the log.
  if (after < forgotten_ || after > last_) return {{}, last_, true};
  const auto from = std::upper_bound(
      transitions_.begin(), transitions_.end(), after,
      [](uint64_t index, const Transition& transition) { return index < transition.index; });
  auto to = transitions_.end();
  if (static_cast<size_t>(to - from) > limit) {
    to = from + static_cast<std::ptrdiff_t>(limit);
    while (to != transitions_.end() && to->index == (to - 1)->index) ++to;
  }
  Page page{{from, to}, last_, false};
  if (to != transitions_.end()) page.next = page.transitions.back().index;
  return page;
}

}  // namespace bookstore::order_executor
