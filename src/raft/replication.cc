// What is sent to whom, and what is committed: paper §5.3, §5.4.2; pipelining: thesis §10.2.
#include <algorithm>

#include "base/check.h"
#include "raft/core.h"

namespace bookstore::raft {

// One message to one follower, within its window. False when there was nothing to send.
bool Core::maybe_send_append(NodeId to, bool even_if_empty) {
  Progress* peer = tracker_.find(to);
  BOOKSTORE_CHECK(peer != nullptr, to, " is no member");
  if (peer->paused()) return false;
  const Index before = peer->next() - 1;
  const std::optional<Term> before_term = log_.term(before);
  if (!before_term.has_value()) return maybe_send_snapshot(to, *peer);

  // Nothing new into a full window: but an empty message finds out what became of it.
  const bool full = peer->state() == ProgressState::kReplicate && peer->inflights().full();
  std::vector<Entry> entries;
  if (!full && peer->next() <= log_.last_index()) {
    const bool readable =
        log_.read(peer->next(), log_.last_index() + 1, options_.max_append_bytes, &entries);
    if (!readable) return maybe_send_snapshot(to, *peer);
  }
  if (entries.empty() && !even_if_empty) return false;
  peer->sent_entries(entries.size(), payload_bytes(entries));
  peer->sent_commit(log_.committed());
  send({.type = MessageType::kAppend,
        .to = to,
        .log_term = *before_term,
        .index = before,
        .entries = std::move(entries),
        .commit = log_.committed()});
  return true;
}

bool Core::maybe_send_snapshot(NodeId to, Progress& peer) {
  // A node that is not there would only hold us up; its first heartbeat answer starts this again.
  if (!peer.recently_active) return false;
  SnapshotPtr snapshot = log_.snapshot();
  if (snapshot == nullptr) return false;
  BOOKSTORE_CHECK(!snapshot->empty(), "entries are compacted and no snapshot stands for them");
  peer.become_snapshot(snapshot->at.index);
  send({.type = MessageType::kSnapshot, .to = to, .snapshot = std::move(snapshot)});
  return true;
}

void Core::broadcast_append() {
  for (const auto& [peer, progress] : tracker_.progress()) {
    if (peer != id()) send_append(peer);
  }
}

// Says no more than what the follower is known to hold: what follows in its log may not be ours.
void Core::send_heartbeat(NodeId to, uint64_t read_round) {
  Progress* peer = tracker_.find(to);
  const Index commit = std::min(peer->match(), log_.committed());
  send({.type = MessageType::kHeartbeat, .to = to, .commit = commit, .read_round = read_round});
  peer->sent_commit(commit);
}

void Core::broadcast_heartbeat(uint64_t read_round) {
  for (const auto& [peer, progress] : tracker_.progress()) {
    if (peer != id()) send_heartbeat(peer, read_round);
  }
}

bool Core::maybe_commit() {
  return log_.commit_own(tracker_.committed(), term_);
}

// The first proposal is always taken, whatever its size, and so is what has no bytes.
bool Core::grow_uncommitted(uint64_t bytes) {
  if (uncommitted_bytes_ > 0 && bytes > 0 &&
      uncommitted_bytes_ + bytes > options_.max_uncommitted_bytes) {
    return false;
  }
  uncommitted_bytes_ += bytes;
  return true;
}

void Core::applied_to(Index index, uint64_t entry_bytes, uint64_t payload_bytes) {
  log_.applied_to(std::max(index, log_.applied()), entry_bytes);
  leave_joint_if_due();
  uncommitted_bytes_ -= std::min(uncommitted_bytes_, payload_bytes);
}

void Core::applied_snapshot(Index index) {
  log_.unstable().stable_snapshot(index);
  applied_to(index, 0, 0);
}

}  // namespace bookstore::raft
