#pragma once

#include <string>
#include <vector>

#include "raft/joint.h"
#include "raft/types.h"

namespace bookstore::raft {

// A configuration as it is stored in snapshots: lists, ascending.
struct ConfState {
  std::vector<NodeId> voters;
  std::vector<NodeId> voters_outgoing;
  std::vector<NodeId> learners;
  std::vector<NodeId> learners_next;
  bool auto_leave = false;

  // "Voters:[1 2 3] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false"
  std::string to_string() const;
  friend bool operator==(const ConfState&, const ConfState&) = default;
};

// Who votes and who only listens. Invariants, CHECKed by check():
//   learners are no voters; learners_next are outgoing voters and become learners when the joint
//   configuration is left; both auto_leave and learners_next need a joint configuration.
struct Configuration {
  JointVoters voters;
  NodeSet learners;
  NodeSet learners_next;
  bool auto_leave = false;

  static Configuration from(const ConfState& state);
  // For a state that came over the network: ask problem().
  static Configuration from_unchecked(const ConfState& state);
  ConfState state() const;
  bool is_member(NodeId id) const { return voters.contains(id) || learners.contains(id); }
  // Which invariant does not hold; empty when all do.
  std::string problem() const;
  void check() const;

  // "voters=(2)&&(1) learners=(4) learners_next=(1) autoleave"
  std::string to_string() const;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

}  // namespace bookstore::raft
