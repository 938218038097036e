#pragma once

#include <cstdint>
#include <string>

#include "raft/inflights.h"
#include "raft/types.h"

namespace bookstore::raft {

// probe: we do not know where the follower's log meets ours, one message at a time.
// replicate: we do, and entries are sent ahead of their acknowledgement.
// snapshot: our log begins behind what it needs, it is being sent a snapshot.
enum class ProgressState : uint8_t { kProbe, kReplicate, kSnapshot };
const char* to_string(ProgressState state);

// What the leader believes about one follower (raft paper §5.3 nextIndex and matchIndex).
// Invariants, CHECKed after each change:
//   match < next: everything in between is in flight
//   snapshot: next == pending_snapshot + 1
class Progress {
 public:
  Progress(Index match, Index next, const Inflights& window, bool learner);

  Index match() const { return match_; }
  Index next() const { return next_; }
  ProgressState state() const { return state_; }
  Index pending_snapshot() const { return pending_snapshot_; }
  const Inflights& inflights() const { return inflights_; }

  bool is_learner = false;
  // Heard of since the last CheckQuorum round.
  bool recently_active = false;

  void become_probe();
  void become_replicate();
  void become_snapshot(Index snapshot);

  // An append of `entries` entries from next() on was sent (probe and replicate only).
  void sent_entries(size_t entries, uint64_t bytes);
  // Can `commit`, sent now, still move the follower's commit index?
  bool can_bump_commit(Index commit) const;
  void sent_commit(Index commit) { sent_commit_ = commit; }

  // The follower holds our log up to `index`; false when we knew.
  bool update(Index index);
  // The follower refused the append at `rejected` and guesses that its log meets ours at `hint`.
  // False when the refusal is an old one.
  bool decrease(Index rejected, Index hint);
  void free_inflights(Index index) { inflights_.free_up_to(index); }

  bool paused() const { return state_ == ProgressState::kSnapshot || append_paused_; }
  void pause_appends() { append_paused_ = true; }
  void resume_appends() { append_paused_ = false; }
  void snapshot_failed() { pending_snapshot_ = 0; }

  // "StateReplicate match=14 next=18 paused inflight=3[full]"
  std::string to_string() const;

 private:
  void enter(ProgressState state);
  void check() const;

  Index match_;
  Index next_;
  // The highest commit index in flight to the follower. Falls back with next_ where messages
  // are believed lost.
  Index sent_commit_ = 0;
  Index pending_snapshot_ = 0;
  ProgressState state_ = ProgressState::kProbe;
  // Set after a probe, or once the window is full; a heartbeat's answer or an acknowledgement lifts
  // it, so that a lost message stops nobody for ever.
  bool append_paused_ = false;
  Inflights inflights_;
};

}  // namespace bookstore::raft
