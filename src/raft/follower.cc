// The follower's side of replication (paper §5.3) and snapshots (§7).
#include <algorithm>

#include "base/check.h"
#include "raft/core.h"

namespace bookstore::raft {

StepResult Core::step_follower(Message& message) {
  switch (message.type) {
    case MessageType::kAppend:
    case MessageType::kHeartbeat:
    case MessageType::kSnapshot:
      election_elapsed_ = 0;
      lead_ = message.from;
      if (message.type == MessageType::kAppend) handle_append(message);
      if (message.type == MessageType::kHeartbeat) handle_heartbeat(message);
      if (message.type == MessageType::kSnapshot) handle_snapshot(message);
      return StepResult::kOk;
    case MessageType::kPropose:
      if (options_.disable_proposal_forwarding) return StepResult::kProposalDropped;
      return forward_to_leader(message, StepResult::kProposalDropped);
    case MessageType::kReadIndex:
      return forward_to_leader(message, StepResult::kReadDropped);
    case MessageType::kTransferLeader:
      return forward_to_leader(message, StepResult::kOk);
    case MessageType::kReadIndexResp:
      if (message.entries.size() == 1) {
        read_states.push_back({message.index, message.entries.front().data});
      }
      return StepResult::kOk;
    case MessageType::kTimeoutNow:
      // Never with PreVote: the leader itself asked, nobody was cut off.
      hup(Election::kTransfer);
      return StepResult::kOk;
    case MessageType::kForgetLeader:
      forget_leader();
      return StepResult::kOk;
    default:
      return StepResult::kOk;
  }
}

StepResult Core::forward_to_leader(Message& message, StepResult otherwise) {
  if (lead_ == kNobody) return otherwise;
  message.to = lead_;
  message.term = 0;
  send(std::move(message));
  return StepResult::kOk;
}

// Lets us grant (pre-)votes at once when we know that the leader is dead. The term stays. With
// lease reads the leader counts on our silence, so we keep it.
void Core::forget_leader() {
  if (options_.read_mode != ReadMode::kLease) lead_ = kNobody;
}

void Core::handle_append(const Message& message) {
  Message reply{.type = MessageType::kAppendResp, .to = message.from};
  if (message.index < log_.committed()) {
    reply.index = log_.committed();
  } else if (const auto last =
                 log_.follow({message.log_term, message.index}, message.entries, message.commit)) {
    reply.index = *last;
  } else {
    // Where the logs may meet: the last of our entries that is not above the leader's term there,
    // so that it skips whole terms of ours at once (paper §5.3, end).
    const EntryId meeting =
        log_.last_not_above(std::min(message.index, log_.last_index()), message.log_term);
    reply.index = message.index;
    reply.reject = true;
    reply.reject_hint = meeting.index;
    reply.log_term = meeting.term;
  }
  send(std::move(reply));
}

void Core::handle_heartbeat(const Message& message) {
  log_.commit_to(message.commit);
  send({.type = MessageType::kHeartbeatResp, .to = message.from, .read_round = message.read_round});
}

void Core::handle_snapshot(const Message& message) {
  const bool restored = message.snapshot != nullptr && restore(message.snapshot);
  send({.type = MessageType::kAppendResp,
        .to = message.from,
        .index = restored ? log_.last_index() : log_.committed()});
}

// False when the snapshot brings nothing. It may be older than our membership: the log after it,
// which has the change that adds us, comes next. Were it refused, it would be sent again for ever.
bool Core::restore(const SnapshotPtr& snapshot) {
  BOOKSTORE_CHECK(role_ == Role::kFollower, "term ", term_);
  if (snapshot->at.index <= log_.committed()) return false;
  if (log_.holds(snapshot->at)) {
    // We have all of it: only the commit index is news.
    log_.commit_to(snapshot->at.index);
    return false;
  }
  log_.restore(snapshot);
  // The configuration is the snapshot's, whatever we believed before (openraft#1808).
  tracker_ = Tracker(Inflights(options_.max_inflight_messages, options_.max_inflight_bytes));
  switch_to(Changer(tracker_, log_.last_index()).restore(snapshot->config));
  return true;
}

void Core::handle_storage_append_resp(const Message& message) {
  if (message.index != 0) log_.unstable().stable_to({message.log_term, message.index});
  if (message.snapshot != nullptr) applied_snapshot(message.snapshot->at.index);
}

}  // namespace bookstore::raft
