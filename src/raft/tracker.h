#pragma once

#include <map>
#include <optional>
#include <string>

#include "raft/configuration.h"
#include "raft/progress.h"

namespace bookstore::raft {

using ProgressMap = std::map<NodeId, Progress>;
// "1: StateReplicate match=11 next=12\n" for each.
std::string to_string(const ProgressMap& progress);

// The configuration and what the leader, or a candidate, knows of each member.
// Invariant: progress has exactly the members of the configuration; is_learner agrees with it.
class Tracker {
 public:
  explicit Tracker(const Inflights& window) : window_(window) {}

  const Configuration& config() const { return config_; }
  ProgressMap& progress() { return progress_; }
  const ProgressMap& progress() const { return progress_; }
  // Empty progress for a member, with this tracker's window.
  Progress fresh(Index match, Index next, bool learner) const {
    return Progress(match, next, window_, learner);
  }

  Progress* find(NodeId id);
  const Progress* find(NodeId id) const;
  void install(Configuration config, ProgressMap progress);
  // Forgets everybody's progress; each starts to be probed at `next`, we ourselves match `last`.
  void restart(NodeId self, Index last);

  // The largest index that is on a majority of each half.
  Index committed() const;
  // The quorum has been heard of since the last CheckQuorum round.
  bool quorum_active() const;
  // Our vote is a majority.
  bool singleton() const { return config_.voters.incoming.size() == 1 && !config_.voters.joint(); }

  void reset_votes() { votes_.clear(); }
  // The first answer of a voter counts.
  void record_vote(NodeId id, bool granted) { votes_.emplace(id, granted); }
  VoteResult tally() const;

 private:
  Inflights window_;  // an empty one: what each Progress starts with
  Configuration config_;
  ProgressMap progress_;
  std::map<NodeId, bool> votes_;
};

}  // namespace bookstore::raft
