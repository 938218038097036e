// Configuration changes: paper §6, thesis §4. They take effect when they are applied.
#include "base/check.h"
#include "raft/core.h"

namespace bookstore::raft {

// Why a proposed change may not enter the log now; empty when it may.
std::string Core::refusal(const ConfChange& change) const {
  const bool joint = tracker_.config().voters.joint();
  if (pending_conf_index_ > log_.applied()) return "possible unapplied conf change";
  if (joint && !change.changes.empty()) return "must transition out of joint config first";
  if (!joint && change.changes.empty()) return "not in joint state; refusing empty conf change";
  // Nothing that changes the configuration is unapplied, so this is the one the change will meet.
  const ChangeResult result = Changer(tracker_, log_.last_index()).apply(change);
  const auto* refused = std::get_if<std::string>(&result);
  return refused == nullptr ? "" : *refused;
}

ConfState Core::apply_conf_change(const ConfChange& change) {
  ChangeResult result = Changer(tracker_, log_.last_index()).apply(change);
  // It was judged before it entered the log, by the same rules on every node.
  const auto* refused = std::get_if<std::string>(&result);
  BOOKSTORE_CHECK(refused == nullptr, *refused);
  return switch_to(std::get<ChangedConfiguration>(std::move(result)));
}

ConfState Core::switch_to(ChangedConfiguration to) {
  tracker_.install(std::move(to.config), std::move(to.progress));
  const ConfState state = tracker_.config().state();
  if (role_ != Role::kLeader) return state;
  const Progress* self = tracker_.find(id());
  if (self == nullptr || self->is_learner) {
    if (options_.step_down_on_removal) become_follower(term_, kNobody);
    return state;
  }
  if (state.voters.empty()) return state;
  if (maybe_commit()) {
    // A smaller quorum may have more committed.
    broadcast_append();
  } else {
    // New members need not wait for a heartbeat.
    for (const auto& [peer, progress] : tracker_.progress()) {
      if (peer != id()) maybe_send_append(peer, false);
    }
  }
  if (!tracker_.config().voters.contains(transferee_)) transferee_ = kNobody;
  return state;
}

// Proposed as soon as the joint configuration is applied here, so that nobody has to stay for it. A
// transfer under way may drop it: each further applied entry, or the next leader, tries again.
void Core::leave_joint_if_due() {
  if (role_ != Role::kLeader || !tracker_.config().auto_leave) return;
  if (log_.applied() < pending_conf_index_) return;
  std::vector<Entry> leave(1);
  leave.front().kind = EntryKind::kConfChangeV2;
  propose(leave);
}

}  // namespace bookstore::raft
