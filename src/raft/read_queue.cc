#include "raft/read_queue.h"

#include <algorithm>

namespace bookstore::raft {

uint64_t ReadQueue::add(Read read, NodeId self) {
  waiting_.push_back({++round_, std::move(read)});
  acknowledge(self, round_);
  return round_;
}

void ReadQueue::acknowledge(NodeId from, uint64_t round) {
  if (round > round_) return;  // of no round of ours
  uint64_t& known = acknowledged_[from];
  known = std::max(known, round);
}

std::vector<ReadQueue::Read> ReadQueue::take_proved(const JointVoters& voters) {
  const uint64_t proved = committed_index(voters, [this](NodeId id) -> std::optional<Index> {
    const auto found = acknowledged_.find(id);
    return found == acknowledged_.end() ? std::nullopt : std::optional(found->second);
  });
  std::vector<Read> reads;
  while (!waiting_.empty() && waiting_.front().round <= proved) {
    reads.push_back(std::move(waiting_.front().read));
    waiting_.pop_front();
  }
  return reads;
}

void ReadQueue::clear() {
  waiting_.clear();
  acknowledged_.clear();
  round_ = 0;
}

}  // namespace bookstore::raft
