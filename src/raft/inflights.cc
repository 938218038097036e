#include "raft/inflights.h"

#include "base/check.h"

namespace bookstore::raft {

void Inflights::add(Index last, uint64_t bytes) {
  BOOKSTORE_CHECK(!full(), messages_.size(), " messages, ", bytes_, " bytes in flight");
  BOOKSTORE_CHECK(messages_.empty() || messages_.back().last < last, messages_.back().last,
                  " then ", last);
  messages_.push_back({last, bytes});
  bytes_ += bytes;
}

void Inflights::free_up_to(Index index) {
  while (!messages_.empty() && messages_.front().last <= index) {
    bytes_ -= messages_.front().bytes;
    messages_.pop_front();
  }
  BOOKSTORE_CHECK(!messages_.empty() || bytes_ == 0, bytes_, " bytes of no message");
}

void Inflights::clear() {
  messages_.clear();
  bytes_ = 0;
}

}  // namespace bookstore::raft
