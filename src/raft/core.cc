#include "raft/core.h"

#include "base/check.h"

namespace bookstore::raft {
namespace {

Options checked(Options options) {
  BOOKSTORE_CHECK(options.problem().empty(), options.problem());
  if (options.max_committed_bytes == 0) options.max_committed_bytes = options.max_append_bytes;
  if (options.max_uncommitted_bytes == 0) options.max_uncommitted_bytes = kNoLimit;
  return options;
}

bool carries_its_own_term(MessageType type) {
  return type == MessageType::kVote || type == MessageType::kVoteResp ||
         type == MessageType::kPreVote || type == MessageType::kPreVoteResp;
}

}  // namespace

Core::Core(const Options& options, const Storage& storage, base::Random& random)
    : options_(checked(options)),
      random_(random),
      log_(storage, options_.max_committed_bytes),
      tracker_(Inflights(options_.max_inflight_messages, options_.max_inflight_bytes)) {
  const Storage::Start start = storage.start();
  switch_to(Changer(tracker_, log_.last_index()).restore(start.config));
  if (!start.hard_state.empty()) {
    // May be behind the snapshot: a commit index alone is not synced.
    log_.commit_to(start.hard_state.commit);
    term_ = start.hard_state.term;
    vote_ = start.hard_state.vote;
  }
  if (options_.applied > 0) {
    log_.commit_to(options_.applied);  // what is applied is committed
    log_.applied_to(options_.applied, 0);
  }
  become_follower(term_, kNobody);
}

// Messages that promise something (a vote, an appended entry) wait until what they promise is
// durable; that includes what we promise to ourselves.
void Core::send(Message message) {
  if (message.from == kNobody) message.from = id();
  if (carries_its_own_term(message.type)) {
    BOOKSTORE_CHECK(message.term != 0, "a vote without a term");
  } else {
    BOOKSTORE_CHECK(message.term == 0, "term ", message.term);
    // Proposals and reads go to whoever leads, in any term.
    const bool any_term =
        message.type == MessageType::kPropose || message.type == MessageType::kReadIndex;
    if (!any_term) message.term = term_;
  }
  switch (message.type) {
    case MessageType::kAppendResp:
    case MessageType::kVoteResp:
    case MessageType::kPreVoteResp:
      after_append.push_back(std::move(message));
      break;
    default:
      BOOKSTORE_CHECK(message.to != id(), "a message to ourselves that waits for nothing");
      messages.push_back(std::move(message));
  }
}

StepResult Core::step(Message message) {
  if (!heed_term(message)) return StepResult::kOk;
  switch (message.type) {
    case MessageType::kStorageAppendResp:
      handle_storage_append_resp(message);
      return StepResult::kOk;
    case MessageType::kStorageApplyResp:
      if (!message.entries.empty()) {
        applied_to(message.entries.back().index, entries_bytes(message.entries),
                   payload_bytes(message.entries));
      }
      return StepResult::kOk;
    case MessageType::kVote:
    case MessageType::kPreVote:
      answer_vote_request(message);
      return StepResult::kOk;
    default:
      return step_role(message);
  }
}

// Paper §5.1: a higher term makes us its follower, a lower one is refused. False: do no more.
bool Core::heed_term(const Message& message) {
  if (message.term == 0 || message.term == term_) return true;
  if (message.term > term_) return heed_higher_term(message);
  answer_lower_term(message);
  return false;
}

bool Core::heed_higher_term(const Message& message) {
  const bool vote_request =
      message.type == MessageType::kVote || message.type == MessageType::kPreVote;
  // We hear a leader: whoever asks has lost touch, and must not raise our term (thesis §4.2.3).
  if (vote_request && !message.by_transfer && in_lease()) return false;
  if (message.type == MessageType::kPreVote) return true;  // asks what we would do in that term
  // A granted pre-vote speaks of the term we asked about, not of one that exists.
  if (message.type == MessageType::kPreVoteResp && !message.reject) return true;
  const bool from_leader = message.type == MessageType::kAppend ||
                           message.type == MessageType::kHeartbeat ||
                           message.type == MessageType::kSnapshot;
  become_follower(message.term, from_leader ? message.from : kNobody);
  return true;
}

void Core::answer_lower_term(const Message& message) {
  switch (message.type) {
    case MessageType::kHeartbeat:
    case MessageType::kAppend:
      // A leader that cannot depose us and whose messages we cannot take: with CheckQuorum or
      // PreVote nobody's vote would tell it, so our answer brings our term.
      if (options_.check_quorum || options_.pre_vote) {
        send({.type = MessageType::kAppendResp, .to = message.from});
      }
      break;
    case MessageType::kPreVote:
      // Or a node with a longer log and a lower term would ask for ever (etcd#8243).
      send({.type = MessageType::kPreVoteResp, .to = message.from, .term = term_, .reject = true});
      break;
    case MessageType::kStorageAppendResp:
      // The entries may have been overwritten since; a snapshot is committed in any term.
      if (message.snapshot != nullptr) applied_snapshot(message.snapshot->at.index);
      break;
    default:
      break;
  }
}

StepResult Core::step_role(Message& message) {
  switch (role_) {
    case Role::kFollower:
      return step_follower(message);
    case Role::kCandidate:
    case Role::kPreCandidate:
      return step_candidate(message);
    case Role::kLeader:
      return step_leader(message);
  }
  return StepResult::kOk;
}

void Core::reset(Term term) {
  BOOKSTORE_CHECK(term >= term_, "term ", term_, " would fall to ", term);
  if (term != term_) {
    term_ = term;
    vote_ = kNobody;
  }
  lead_ = kNobody;
  transferee_ = kNobody;
  election_elapsed_ = 0;
  heartbeat_elapsed_ = 0;
  draw_election_timeout();
  tracker_.restart(id(), log_.last_index());
  pending_conf_index_ = 0;
  uncommitted_bytes_ = 0;
  reads_.clear();
  early_reads_.clear();
}

void Core::draw_election_timeout() {
  const auto spread = random_.below(static_cast<uint64_t>(options_.election_ticks));
  election_timeout_ = options_.election_ticks + static_cast<int>(spread);
}

void Core::become_follower(Term term, NodeId lead) {
  reset(term);
  lead_ = lead;
  role_ = Role::kFollower;
}

// Asks first: neither term nor vote changes (thesis §9.6).
void Core::become_pre_candidate() {
  BOOKSTORE_CHECK(role_ != Role::kLeader, "term ", term_);
  tracker_.reset_votes();
  lead_ = kNobody;
  role_ = Role::kPreCandidate;
}

void Core::become_candidate() {
  BOOKSTORE_CHECK(role_ != Role::kLeader, "term ", term_);
  reset(term_ + 1);
  vote_ = id();
  role_ = Role::kCandidate;
}

void Core::become_leader() {
  BOOKSTORE_CHECK(role_ == Role::kCandidate, "term ", term_);
  reset(term_);
  lead_ = id();
  role_ = Role::kLeader;
  Progress* self = tracker_.find(id());
  BOOKSTORE_CHECK(self != nullptr, "elected and no member");
  self->become_replicate();
  self->recently_active = true;
  // Whatever is in our log may change the configuration; nobody may change it again before all of
  // it is applied.
  pending_conf_index_ = log_.last_index();
  std::vector<Entry> nothing(1);  // paper §8: commits what earlier terms left
  const bool appended = append_own(nothing);
  BOOKSTORE_CHECK(appended, "an empty entry has no bytes to be refused for");
}

}  // namespace bookstore::raft
