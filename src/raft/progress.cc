#include "raft/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::raft {

const char* to_string(ProgressState state) {
  switch (state) {
    case ProgressState::kProbe:
      return "StateProbe";
    case ProgressState::kReplicate:
      return "StateReplicate";
    case ProgressState::kSnapshot:
      return "StateSnapshot";
  }
  return "State(?)";
}

Progress::Progress(Index match, Index next, const Inflights& window, bool learner)
    : is_learner(learner), match_(match), next_(next), inflights_(window) {
  check();
}

void Progress::check() const {
  BOOKSTORE_CHECK(match_ < next_, "match ", match_, ", next ", next_);
}

void Progress::enter(ProgressState state) {
  state_ = state;
  append_paused_ = false;
  pending_snapshot_ = 0;
  inflights_.clear();
}

void Progress::become_probe() {
  // A snapshot that was sent and not reported as failed has brought the follower there.
  const Index snapshot = state_ == ProgressState::kSnapshot ? pending_snapshot_ : 0;
  enter(ProgressState::kProbe);
  next_ = std::max(match_, snapshot) + 1;
  sent_commit_ = std::min(sent_commit_, next_ - 1);
  check();
}

void Progress::become_replicate() {
  enter(ProgressState::kReplicate);
  next_ = match_ + 1;
  check();
}

void Progress::become_snapshot(Index snapshot) {
  enter(ProgressState::kSnapshot);
  pending_snapshot_ = snapshot;
  next_ = snapshot + 1;
  sent_commit_ = snapshot;
  check();
}

void Progress::sent_entries(size_t entries, uint64_t bytes) {
  BOOKSTORE_CHECK(state_ != ProgressState::kSnapshot, to_string());
  if (state_ == ProgressState::kProbe) {
    if (entries > 0) append_paused_ = true;
    return;
  }
  if (entries > 0) {
    next_ += entries;
    inflights_.add(next_ - 1, bytes);
  }
  // With a full window this message was the last, or an empty one that finds out what arrived.
  append_paused_ = inflights_.full();
}

bool Progress::can_bump_commit(Index commit) const {
  return commit > sent_commit_ && sent_commit_ < next_ - 1;
}

bool Progress::update(Index index) {
  if (index <= match_) return false;
  match_ = index;
  next_ = std::max(next_, index + 1);
  append_paused_ = false;
  check();
  return true;
}

bool Progress::decrease(Index rejected, Index hint) {
  if (state_ == ProgressState::kReplicate) {
    if (rejected <= match_) return false;
    next_ = match_ + 1;
  } else {
    // One probe is on its way at a time: a refusal of any other is late.
    if (next_ - 1 != rejected) return false;
    next_ = std::max(std::min(rejected, hint + 1), match_ + 1);
    append_paused_ = false;
  }
  sent_commit_ = std::min(sent_commit_, next_ - 1);
  check();
  return true;
}

std::string Progress::to_string() const {
  std::string text = absl::StrCat(raft::to_string(state_), " match=", match_, " next=", next_);
  if (is_learner) text += " learner";
  if (paused()) text += " paused";
  if (pending_snapshot_ > 0) absl::StrAppend(&text, " pendingSnap=", pending_snapshot_);
  if (!recently_active) text += " inactive";
  if (inflights_.count() > 0) {
    absl::StrAppend(&text, " inflight=", inflights_.count(), inflights_.full() ? "[full]" : "");
  }
  return text;
}

}  // namespace bookstore::raft
