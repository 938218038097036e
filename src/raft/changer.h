#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "raft/conf_change.h"
#include "raft/tracker.h"

namespace bookstore::raft {

// The result of a configuration change, not installed yet.
struct ChangedConfiguration {
  Configuration config;
  ProgressMap progress;
};
// Or why the change is refused (a verdict on what was asked: nothing has changed).
using ChangeResult = std::variant<ChangedConfiguration, std::string>;

// The algebra of membership (thesis §4; joint consensus §4.3): pure functions of the tracker.
// A member that was not there starts to be probed at `last_index`.
class Changer {
 public:
  Changer(const Tracker& tracker, Index last_index) : tracker_(tracker), last_index_(last_index) {}

  // At most one voter more or less, any number of learners; refused while joint.
  ChangeResult simple(const std::vector<NodeChange>& changes) const;
  // The present voters become the outgoing half.
  ChangeResult enter_joint(bool auto_leave, const std::vector<NodeChange>& changes) const;
  ChangeResult leave_joint() const;
  // Whichever of the three `change` asks for.
  ChangeResult apply(const ConfChange& change) const;
  // The configuration of a snapshot, with empty progress for every member.
  ChangedConfiguration restore(const ConfState& state) const;

 private:
  // Empty, or why not.
  std::optional<std::string> change(const std::vector<NodeChange>& changes,
                                    ChangedConfiguration* to) const;
  void make_voter(NodeId id, ChangedConfiguration* to) const;
  void make_learner(NodeId id, ChangedConfiguration* to) const;
  void remove(NodeId id, ChangedConfiguration* to) const;
  Progress newcomer(bool learner) const;

  const Tracker& tracker_;
  Index last_index_;
};

}  // namespace bookstore::raft
