#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "order_executor/order_machine.h"

namespace bookstore::order_executor {

// The last transitions, for those who watch. Bounded: who is further behind than it remembers is
// told so and reads again what it watches. The cursor is the index of a log entry.
class TransitionHistory {
 public:
  // Knows nothing of entries up to `applied_index`.
  TransitionHistory(uint64_t applied_index, size_t capacity)
      : forgotten_(applied_index), last_(applied_index), capacity_(capacity) {}

  // Of one entry, in the order of the entries.
  void add(const std::vector<Transition>& transitions, uint64_t applied_index);

  struct Page {
    std::vector<Transition> transitions;
    uint64_t next = 0;  // the cursor that continues here
    bool gap = false;
  };
  // What came after the entry `after`; about `limit` at most, never half of an entry's.
  Page since(uint64_t after, size_t limit) const;
  uint64_t last() const { return last_; }

 private:
  std::deque<Transition> transitions_;  // of entries in (forgotten_, last_]
  uint64_t forgotten_;
  uint64_t last_;
  const size_t capacity_;
};

}  // namespace bookstore::order_executor
