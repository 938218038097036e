#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "raft/types.h"

namespace bookstore::raft {

// The append messages on their way to one follower: the window of replication's flow control
// (thesis §10.2.1). Bounded by a number of messages and, where max_bytes is not zero, by bytes; a
// message may overrun the byte limit, the next one may not follow it.
class Inflights {
 public:
  Inflights(size_t max_messages, uint64_t max_bytes)
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  // A message whose last entry is `last`. Must not be full().
  void add(Index last, uint64_t bytes);
  // The follower holds everything up to `index`.
  void free_up_to(Index index);
  void clear();

  bool full() const {
    return messages_.size() >= max_messages_ || (max_bytes_ != 0 && bytes_ >= max_bytes_);
  }
  size_t count() const { return messages_.size(); }
  uint64_t bytes() const { return bytes_; }

 private:
  struct InFlight {
    Index last;
    uint64_t bytes;
  };
  size_t max_messages_;
  uint64_t max_bytes_;
  std::deque<InFlight> messages_;  // Invariant: `last` strictly ascending.
  uint64_t bytes_ = 0;             // Invariant: the sum of messages_' bytes.
};

}  // namespace bookstore::raft
