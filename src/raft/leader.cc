// The leader's side: proposals, acknowledgements (paper §5.3) and handing over (thesis §3.10).
#include "base/check.h"
#include "raft/core.h"

namespace bookstore::raft {

StepResult Core::step_leader(Message& message) {
  if (message.type == MessageType::kPropose) return propose(message.entries);
  if (message.type == MessageType::kReadIndex) return handle_read_request(message);
  const bool rival =
      message.type == MessageType::kAppend || message.type == MessageType::kHeartbeat;
  BOOKSTORE_CHECK(!rival, message.from, " leads in our term ", term_,
                  ": a member has lost what it had stored");
  Progress* peer = tracker_.find(message.from);
  if (peer == nullptr) return StepResult::kOk;
  switch (message.type) {
    case MessageType::kAppendResp:
      handle_append_resp(message, *peer);
      break;
    case MessageType::kHeartbeatResp:
      handle_heartbeat_resp(message, *peer);
      break;
    case MessageType::kTransferLeader:
      handle_transfer(message.from, *peer);
      break;
    default:
      break;
  }
  return StepResult::kOk;
}

StepResult Core::propose(std::vector<Entry>& entries) {
  BOOKSTORE_CHECK(!entries.empty(), "a proposal of nothing");
  // Removed, or handing over: whatever we append now might be lost.
  if (tracker_.find(id()) == nullptr || transferee_ != kNobody) return StepResult::kProposalDropped;
  StepResult result = StepResult::kOk;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].is_conf_change()) continue;
    const auto change = ConfChange::decode(entries[i].data.bytes());
    const bool refused = !change.has_value() ||
                         (!options_.disable_conf_change_validation && !refusal(*change).empty());
    if (refused) {
      entries[i] = Entry{};
      result = StepResult::kConfChangeRefused;
    } else {
      pending_conf_index_ = log_.last_index() + i + 1;
    }
  }
  if (!append_own(entries)) return StepResult::kProposalDropped;
  broadcast_append();
  return result;
}

// False when too much is uncommitted already.
bool Core::append_own(std::vector<Entry>& entries) {
  Index index = log_.last_index();
  for (Entry& entry : entries) {
    entry.term = term_;
    entry.index = ++index;
  }
  if (!grow_uncommitted(payload_bytes(entries))) return false;
  log_.append(entries);
  // We are one of those who must hold it: we count once it is durable here.
  send({.type = MessageType::kAppendResp, .to = id(), .index = index});
  return true;
}

void Core::handle_append_resp(const Message& message, Progress& peer) {
  peer.recently_active = true;
  message.reject ? handle_rejection(message, peer) : handle_acknowledgement(message, peer);
}

void Core::handle_rejection(const Message& message, Progress& peer) {
  Index hint = message.reject_hint;
  // The follower's log has at most log_term up to the hint: skip all of ours above it.
  if (message.log_term > 0) hint = log_.last_not_above(hint, message.log_term).index;
  if (!peer.decrease(message.index, hint)) return;
  if (peer.state() == ProgressState::kReplicate) peer.become_probe();
  send_append(message.from);
}

void Core::handle_acknowledgement(const Message& message, Progress& peer) {
  // Also what we knew brings a probed follower back (heartbeat_resp_recovers_from_probing).
  const bool news = peer.update(message.index) ||
                    (peer.match() == message.index && peer.state() == ProgressState::kProbe);
  if (!news) return;
  if (peer.state() == ProgressState::kProbe) {
    peer.become_replicate();
  } else if (peer.state() == ProgressState::kReplicate) {
    peer.free_inflights(message.index);
  } else if (peer.match() + 1 >= log_.first_index()) {
    // However it got there, our log goes on from where it is: no need for the snapshot.
    peer.become_probe();
    peer.become_replicate();
  } else if (peer.match() >= peer.pending_snapshot()) {
    // The snapshot arrived, but meanwhile our log begins behind it: send a newer one at once, not
    // only when somebody reports that this one is over.
    peer.become_probe();
  }
  if (maybe_commit()) {
    release_waiting_reads();
    broadcast_append();
  } else if (message.from != id() && peer.can_bump_commit(log_.committed())) {
    send_append(message.from);
  }
  if (message.from == id()) return;
  // There may be room for several messages now.
  while (maybe_send_append(message.from, false)) {
  }
  if (message.from == transferee_ && peer.match() == log_.last_index()) {
    send_timeout_now(message.from);
  }
}

void Core::handle_heartbeat_resp(const Message& message, Progress& peer) {
  peer.recently_active = true;
  peer.resume_appends();
  // An append even to a full window: if all in it were lost, its refusal frees the follower.
  if (peer.match() < log_.last_index() || peer.state() == ProgressState::kProbe) {
    send_append(message.from);
  }
  if (message.read_round == 0 || options_.read_mode != ReadMode::kQuorum) return;
  reads_.acknowledge(message.from, message.read_round);
  for (const ReadQueue::Read& read : reads_.take_proved(tracker_.config().voters)) {
    answer_read(read.from, read.context, read.index);
  }
}

void Core::handle_transfer(NodeId to, const Progress& peer) {
  if (peer.is_learner || transferee_ == to) return;
  transferee_ = kNobody;
  if (to == id()) return;
  // It has one election timeout from now on.
  election_elapsed_ = 0;
  transferee_ = to;
  if (peer.match() == log_.last_index()) {
    send_timeout_now(to);
  } else {
    send_append(to);
  }
}

void Core::send_timeout_now(NodeId to) {
  send({.type = MessageType::kTimeoutNow, .to = to});
}

void Core::report_unreachable(NodeId peer) {
  Progress* progress = role_ == Role::kLeader ? tracker_.find(peer) : nullptr;
  // What was sent ahead is probably lost: ask what arrived.
  if (progress != nullptr && progress->state() == ProgressState::kReplicate) {
    progress->become_probe();
  }
}

void Core::report_snapshot(NodeId peer, bool arrived) {
  Progress* progress = role_ == Role::kLeader ? tracker_.find(peer) : nullptr;
  if (progress == nullptr || progress->state() != ProgressState::kSnapshot) return;
  if (!arrived) progress->snapshot_failed();
  progress->become_probe();
  // Arrived: its acknowledgement tells the rest. Failed: the next heartbeat is soon enough.
  progress->pause_appends();
}

}  // namespace bookstore::raft
