#include "raft/tracker.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::raft {

std::string to_string(const ProgressMap& progress) {
  std::string text;
  for (const auto& [id, member] : progress) {
    absl::StrAppend(&text, id, ": ", member.to_string(), "\n");
  }
  return text;
}

Progress* Tracker::find(NodeId id) {
  const auto found = progress_.find(id);
  return found == progress_.end() ? nullptr : &found->second;
}

const Progress* Tracker::find(NodeId id) const {
  const auto found = progress_.find(id);
  return found == progress_.end() ? nullptr : &found->second;
}

void Tracker::install(Configuration config, ProgressMap progress) {
  config.check();
  for (const auto& [id, member] : progress) {
    BOOKSTORE_CHECK(config.is_member(id), id, " is no member of ", config.to_string());
    BOOKSTORE_CHECK(member.is_learner == config.learners.contains(id), id, ": ", member.to_string(),
                    " in ", config.to_string());
  }
  BOOKSTORE_CHECK(progress.size() == config.voters.all().size() + config.learners.size(),
                  "a member without progress: ", config.to_string());
  config_ = std::move(config);
  progress_ = std::move(progress);
}

void Tracker::restart(NodeId self, Index last) {
  reset_votes();
  for (auto& [id, member] : progress_) {
    member = fresh(id == self ? last : 0, last + 1, member.is_learner);
  }
}

Index Tracker::committed() const {
  return committed_index(config_.voters, [this](NodeId id) -> std::optional<Index> {
    const Progress* member = find(id);
    return member == nullptr ? std::nullopt : std::optional(member->match());
  });
}

bool Tracker::quorum_active() const {
  const auto active = [this](NodeId id) -> std::optional<bool> {
    const Progress* member = find(id);
    return member == nullptr ? std::nullopt : std::optional(member->recently_active);
  };
  return vote_result(config_.voters, active) == VoteResult::kWon;
}

VoteResult Tracker::tally() const {
  return vote_result(config_.voters, [this](NodeId id) -> std::optional<bool> {
    const auto found = votes_.find(id);
    return found == votes_.end() ? std::nullopt : std::optional(found->second);
  });
}

}  // namespace bookstore::raft
