#pragma once

#include <deque>
#include <map>
#include <vector>

#include "raft/joint.h"
#include "raft/payload.h"

namespace bookstore::raft {

// Reads that wait until a leader has proved that it still is one (ReadIndex, thesis §6.4). Each
// read opens a round of its own; heartbeats carry the newest round, their answers bring it back. A
// round is proved once a quorum has answered it or a later one, which is the same algebra as a
// commit index. Rounds are our own numbers, never the reader's context: a repeated context cannot
// be taken for a fresh proof (etcd#20418). They live in one term of one leader.
class ReadQueue {
 public:
  struct Read {
    NodeId from;      // who asked; ourselves for a local read
    Payload context;  // the reader's, given back
    Index index;      // committed when the read arrived
  };

  // The round to send. `self` answers its own round.
  uint64_t add(Read read, NodeId self);
  void acknowledge(NodeId from, uint64_t round);
  // The reads that are proved now, oldest first.
  std::vector<Read> take_proved(const JointVoters& voters);

  // 0 while no read waits.
  uint64_t newest_round() const { return waiting_.empty() ? 0 : round_; }
  size_t size() const { return waiting_.size(); }
  void clear();

 private:
  struct Waiting {
    uint64_t round;
    Read read;
  };
  uint64_t round_ = 0;
  std::deque<Waiting> waiting_;  // Invariant: round strictly ascending, none above round_.
  std::map<NodeId, uint64_t> acknowledged_;
};

}  // namespace bookstore::raft
