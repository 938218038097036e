#include "raft/configuration.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"

namespace bookstore::raft {

std::string ConfState::to_string() const {
  const auto list = [](const std::vector<NodeId>& ids) {
    return absl::StrCat("[", absl::StrJoin(ids, " "), "]");
  };
  return absl::StrCat("Voters:", list(voters), " VotersOutgoing:", list(voters_outgoing),
                      " Learners:", list(learners), " LearnersNext:", list(learners_next),
                      " AutoLeave:", auto_leave ? "true" : "false");
}

Configuration Configuration::from_unchecked(const ConfState& state) {
  return {{NodeSet(state.voters), NodeSet(state.voters_outgoing)},
          NodeSet(state.learners),
          NodeSet(state.learners_next),
          state.auto_leave};
}

Configuration Configuration::from(const ConfState& state) {
  Configuration config = from_unchecked(state);
  config.check();
  return config;
}

ConfState Configuration::state() const {
  return {voters.incoming.ids(), voters.outgoing.ids(), learners.ids(), learners_next.ids(),
          auto_leave};
}

std::string Configuration::problem() const {
  for (const NodeId id : learners) {
    if (voters.contains(id)) return absl::StrCat(id, " votes and learns");
  }
  for (const NodeId id : learners_next) {
    const bool leaving = voters.outgoing.contains(id) && !voters.incoming.contains(id);
    if (!leaving) return absl::StrCat(id, " cannot become a learner");
  }
  if (voters.joint()) return {};
  return auto_leave || !learners_next.empty() ? "not joint, and yet to be left" : "";
}

void Configuration::check() const {
  BOOKSTORE_CHECK(problem().empty(), problem(), ": ", to_string());
}

std::string Configuration::to_string() const {
  std::string text = absl::StrCat("voters=", voters.to_string());
  if (!learners.empty()) absl::StrAppend(&text, " learners=", learners.to_string());
  if (!learners_next.empty()) absl::StrAppend(&text, " learners_next=", learners_next.to_string());
  if (auto_leave) text += " autoleave";
  return text;
}

}  // namespace bookstore::raft
