#pragma once

#include <algorithm>
#include <string>

#include "raft/majority.h"

namespace bookstore::raft {

// The voters of a configuration: one majority, or two while it changes (joint consensus, raft
// paper §6, thesis §4.3). Every decision needs a majority of both halves; `outgoing` is empty when
// the configuration is not joint.
struct JointVoters {
  NodeSet incoming;
  NodeSet outgoing;

  bool joint() const { return !outgoing.empty(); }
  bool contains(NodeId id) const { return incoming.contains(id) || outgoing.contains(id); }
  NodeSet all() const;

  // "(1 2 3)" or "(1 2 3)&&(1)"
  std::string to_string() const;

  friend bool operator==(const JointVoters&, const JointVoters&) = default;
};

template <AckedIndex Acked>
Index committed_index(const JointVoters& voters, const Acked& acked) {
  return std::min(committed_index(voters.incoming, acked), committed_index(voters.outgoing, acked));
}

// Lost when either half is lost, won when both are won.
VoteResult both(VoteResult incoming, VoteResult outgoing);

template <CastVote Vote>
VoteResult vote_result(const JointVoters& voters, const Vote& vote) {
  return both(vote_result(voters.incoming, vote), vote_result(voters.outgoing, vote));
}

}  // namespace bookstore::raft
