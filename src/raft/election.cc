// Elections: paper §5.2 and §5.4.1; leader stickiness and CheckQuorum: thesis §4.2.3, §6.2;
// PreVote: thesis §9.6; leadership transfer: thesis §3.10.
#include "base/check.h"
#include "raft/core.h"

namespace bookstore::raft {

void Core::tick() {
  role_ == Role::kLeader ? tick_leader() : tick_follower();
}

void Core::tick_follower() {
  ++election_elapsed_;
  if (!promotable() || election_elapsed_ < election_timeout_) return;
  election_elapsed_ = 0;
  campaign();
}

void Core::tick_leader() {
  ++heartbeat_elapsed_;
  ++election_elapsed_;
  if (election_elapsed_ >= options_.election_ticks) {
    election_elapsed_ = 0;
    if (options_.check_quorum) check_quorum();
    // The transferee had its time: we go on leading.
    if (role_ == Role::kLeader) transferee_ = kNobody;
  }
  if (role_ != Role::kLeader || heartbeat_elapsed_ < options_.heartbeat_ticks) return;
  heartbeat_elapsed_ = 0;
  broadcast_heartbeat(reads_.newest_round());
}

// A leader that has not heard of a quorum for an election timeout is none any more.
void Core::check_quorum() {
  if (!tracker_.quorum_active()) become_follower(term_, kNobody);
  for (auto& [peer, progress] : tracker_.progress()) {
    if (peer != id()) progress.recently_active = false;
  }
}

void Core::campaign() {
  hup(options_.pre_vote ? Election::kPreVote : Election::kVote);
}

bool Core::promotable() const {
  const Progress* self = tracker_.find(id());
  return self != nullptr && !self->is_learner && log_.unstable().snapshot() == nullptr;
}

void Core::hup(Election election) {
  if (role_ == Role::kLeader || !promotable()) return;
  // A change that is committed and not applied would let us count votes of the old configuration.
  if (log_.has_unapplied_conf_change()) return;
  run_for(election);
}

void Core::run_for(Election election) {
  const bool asking = election == Election::kPreVote;
  asking ? become_pre_candidate() : become_candidate();
  const Term term = asking ? term_ + 1 : term_;
  const EntryId last = log_.last_id();
  for (const NodeId voter : tracker_.config().voters.all()) {
    if (voter == id()) {
      // Our own vote counts once it is durable, like everybody's.
      send({.type = asking ? MessageType::kPreVoteResp : MessageType::kVoteResp,
            .to = voter,
            .term = term});
      continue;
    }
    send({.type = asking ? MessageType::kPreVote : MessageType::kVote,
          .to = voter,
          .term = term,
          .log_term = last.term,
          .index = last.index,
          .by_transfer = election == Election::kTransfer});
  }
}

bool Core::in_lease() const {
  return options_.check_quorum && lead_ != kNobody && election_elapsed_ < options_.election_ticks;
}

// A learner votes too: it may be a voter already and not know it yet, and without it there might be
// no leader that could tell it.
void Core::answer_vote_request(const Message& message) {
  const bool asking = message.type == MessageType::kPreVote;
  const bool free = vote_ == message.from || (vote_ == kNobody && lead_ == kNobody) ||
                    (asking && message.term > term_);
  const bool granted = free && log_.is_up_to_date({message.log_term, message.index});
  // A grant speaks of the term that was asked about; a refusal brings ours.
  send({.type = asking ? MessageType::kPreVoteResp : MessageType::kVoteResp,
        .to = message.from,
        .term = granted ? message.term : term_,
        .reject = !granted});
  if (!granted || asking) return;
  election_elapsed_ = 0;
  vote_ = message.from;
}

StepResult Core::step_candidate(Message& message) {
  switch (message.type) {
    case MessageType::kPropose:
      return StepResult::kProposalDropped;
    case MessageType::kReadIndex:
      return StepResult::kReadDropped;
    case MessageType::kAppend:
    case MessageType::kHeartbeat:
    case MessageType::kSnapshot:
      // Somebody else won this term (paper §5.2).
      become_follower(message.term, message.from);
      return step_follower(message);
    case MessageType::kVoteResp:
      if (role_ == Role::kCandidate) take_vote(message);
      return StepResult::kOk;
    case MessageType::kPreVoteResp:
      if (role_ == Role::kPreCandidate) take_vote(message);
      return StepResult::kOk;
    default:
      return StepResult::kOk;
  }
}

void Core::take_vote(const Message& message) {
  tracker_.record_vote(message.from, !message.reject);
  switch (tracker_.tally()) {
    case VoteResult::kPending:
      break;
    case VoteResult::kLost:
      become_follower(term_, kNobody);
      break;
    case VoteResult::kWon:
      if (role_ == Role::kPreCandidate) {
        run_for(Election::kVote);
      } else {
        become_leader();
        broadcast_append();
      }
  }
}

}  // namespace bookstore::raft
