#include "raft/changer.h"

#include <algorithm>

namespace bookstore::raft {
namespace {

size_t difference(const NodeSet& a, const NodeSet& b) {
  const auto missing_in = [](const NodeSet& from, const NodeSet& in) {
    return std::count_if(from.begin(), from.end(), [&](NodeId id) { return !in.contains(id); });
  };
  return static_cast<size_t>(missing_in(a, b) + missing_in(b, a));
}

}  // namespace

ChangeResult Changer::simple(const std::vector<NodeChange>& changes) const {
  ChangedConfiguration to{tracker_.config(), tracker_.progress()};
  if (to.config.voters.joint()) return "can't apply simple config change in joint config";
  if (auto refused = change(changes, &to)) return *refused;
  if (difference(tracker_.config().voters.incoming, to.config.voters.incoming) > 1) {
    return "more than one voter changed without entering joint config";
  }
  return to;
}

ChangeResult Changer::enter_joint(bool auto_leave, const std::vector<NodeChange>& changes) const {
  ChangedConfiguration to{tracker_.config(), tracker_.progress()};
  if (to.config.voters.joint()) return "config is already joint";
  if (to.config.voters.incoming.empty()) return "can't make a zero-voter config joint";
  to.config.voters.outgoing = to.config.voters.incoming;
  if (auto refused = change(changes, &to)) return *refused;
  to.config.auto_leave = auto_leave;
  return to;
}

ChangeResult Changer::leave_joint() const {
  ChangedConfiguration to{tracker_.config(), tracker_.progress()};
  Configuration& config = to.config;
  if (!config.voters.joint()) return "can't leave a non-joint config";
  for (const NodeId id : config.learners_next) {
    config.learners.insert(id);
    to.progress.at(id).is_learner = true;
  }
  config.learners_next = {};
  config.voters.outgoing = {};
  config.auto_leave = false;
  std::erase_if(to.progress, [&](const auto& member) { return !config.is_member(member.first); });
  return to;
}

ChangeResult Changer::apply(const ConfChange& change) const {
  if (change.leaves_joint()) return leave_joint();
  if (const auto auto_leave = change.enters_joint()) {
    return enter_joint(*auto_leave, change.changes);
  }
  return simple(change.changes);
}

ChangedConfiguration Changer::restore(const ConfState& state) const {
  ChangedConfiguration to{Configuration::from(state), {}};
  for (const NodeId id : to.config.voters.all()) to.progress.emplace(id, newcomer(false));
  for (const NodeId id : to.config.learners) to.progress.emplace(id, newcomer(true));
  return to;
}

std::optional<std::string> Changer::change(const std::vector<NodeChange>& changes,
                                           ChangedConfiguration* to) const {
  for (const NodeChange& one : changes) {
    if (one.node == kNobody) continue;
    switch (one.kind) {
      case ConfChangeKind::kAddVoter:
        make_voter(one.node, to);
        break;
      case ConfChangeKind::kAddLearner:
        make_learner(one.node, to);
        break;
      case ConfChangeKind::kRemove:
        remove(one.node, to);
        break;
      case ConfChangeKind::kUpdate:
        break;
    }
  }
  if (to->config.voters.incoming.empty()) return "removed all voters";
  return std::nullopt;
}

void Changer::make_voter(NodeId id, ChangedConfiguration* to) const {
  to->progress.try_emplace(id, newcomer(false)).first->second.is_learner = false;
  to->config.learners.erase(id);
  to->config.learners_next.erase(id);
  to->config.voters.incoming.insert(id);
}

void Changer::make_learner(NodeId id, ChangedConfiguration* to) const {
  const auto [member, added] = to->progress.try_emplace(id, newcomer(true));
  if (!added && (member->second.is_learner || to->config.learners_next.contains(id))) return;
  to->config.voters.incoming.erase(id);
  // It still votes in the outgoing half, so it can only be one when that is left.
  if (to->config.voters.outgoing.contains(id)) {
    to->config.learners_next.insert(id);
  } else {
    to->config.learners.insert(id);
    member->second.is_learner = true;
  }
}

void Changer::remove(NodeId id, ChangedConfiguration* to) const {
  to->config.voters.incoming.erase(id);
  to->config.learners.erase(id);
  to->config.learners_next.erase(id);
  if (!to->config.voters.outgoing.contains(id)) to->progress.erase(id);
}

Progress Changer::newcomer(bool learner) const {
  Progress progress = tracker_.fresh(0, std::max<Index>(last_index_, 1), learner);
  // Or CheckQuorum could depose us before it had a chance to speak.
  progress.recently_active = true;
  return progress;
}

}  // namespace bookstore::raft
