#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "raft/changer.h"
#include "raft/log.h"
#include "raft/options.h"
#include "raft/read_queue.h"
#include "raft/ready.h"
#include "raft/tracker.h"

namespace bookstore::raft {

// What became of an input. None but kOk is an error of ours: the caller tells its client.
enum class StepResult : uint8_t {
  kOk,
  kProposalDropped,    // no leader known, a transfer is under way, or too much is uncommitted
  kConfChangeRefused,  // not now (another one is unapplied, or joint): an empty entry took its
                       // place
  kReadDropped,        // no leader known, or too many reads wait
  kLocalMessage,       // a storage message that did not come from a storage thread
  kUnknownPeer,        // an answer from a node that is no member
  kMalformed,          // no message that a peer of ours can have sent
};

// The protocol: messages and ticks in, messages and state out. Raft (Ongaro, Ousterhout 2014, "the
// paper") with the extensions of Ongaro's thesis. Node wraps it and deals with durability.
//
// Not thread safe; one thread calls. The files say which half of the paper they hold:
//   core.cc         terms, roles, sending            §5.1
//   election.cc     votes, PreVote, CheckQuorum      §5.2, §5.4.1, thesis §6.2, §9.6
//   follower.cc     appends, heartbeats, snapshots   §5.3, §7
//   leader.cc       proposals, acknowledgements      §5.3, thesis §3.10
//   replication.cc  what to send to whom             §5.3, §5.4.2, thesis §10.2
//   membership.cc   configuration changes            §6, thesis §4
//   reads.cc        ReadIndex                        thesis §6.4
class Core {
 public:
  Core(const Options& options, const Storage& storage, base::Random& random);

  StepResult step(Message message);
  void tick();
  void campaign();
  void report_unreachable(NodeId peer);
  void report_snapshot(NodeId peer, bool arrived);
  ConfState apply_conf_change(const ConfChange& change);

  // Entries were applied (their bytes, with and without overhead).
  void applied_to(Index index, uint64_t entry_bytes, uint64_t payload_bytes);
  void applied_snapshot(Index index);
  void set_election_timeout(int ticks) { election_timeout_ = ticks; }

  NodeId id() const { return options_.id; }
  const Options& options() const { return options_; }
  Term term() const { return term_; }
  Role role() const { return role_; }
  NodeId lead() const { return lead_; }
  NodeId transferee() const { return transferee_; }
  SoftState soft_state() const { return {lead_, role_}; }
  HardState hard_state() const { return {term_, vote_, log_.committed()}; }
  const Log& log() const { return log_; }
  Log& log() { return log_; }
  const Tracker& tracker() const { return tracker_; }

  // What has to leave: messages_ at once, after_append_ once all that was appended so far and the
  // hard state are durable (they promise something). Node takes them.
  std::vector<Message> messages;
  std::vector<Message> after_append;
  std::vector<ReadState> read_states;

 private:
  enum class Election : uint8_t { kPreVote, kVote, kTransfer };

  // core.cc
  void send(Message message);
  bool heed_term(const Message& message);
  bool heed_higher_term(const Message& message);
  void answer_lower_term(const Message& message);
  StepResult step_role(Message& message);
  void reset(Term term);
  void become_follower(Term term, NodeId lead);
  void become_pre_candidate();
  void become_candidate();
  void become_leader();
  void draw_election_timeout();

  // election.cc
  void hup(Election election);
  void run_for(Election election);
  bool promotable() const;
  bool in_lease() const;
  void answer_vote_request(const Message& message);
  StepResult step_candidate(Message& message);
  void take_vote(const Message& message);
  void tick_follower();
  void tick_leader();
  void check_quorum();

  // follower.cc
  StepResult step_follower(Message& message);
  StepResult forward_to_leader(Message& message, StepResult otherwise);
  void forget_leader();
  void handle_append(const Message& message);
  void handle_heartbeat(const Message& message);
  void handle_snapshot(const Message& message);
  bool restore(const SnapshotPtr& snapshot);
  void handle_storage_append_resp(const Message& message);

  // leader.cc
  StepResult step_leader(Message& message);
  StepResult propose(std::vector<Entry>& entries);
  bool append_own(std::vector<Entry>& entries);
  void handle_append_resp(const Message& message, Progress& peer);
  void handle_rejection(const Message& message, Progress& peer);
  void handle_acknowledgement(const Message& message, Progress& peer);
  void handle_heartbeat_resp(const Message& message, Progress& peer);
  void handle_transfer(NodeId to, const Progress& peer);
  void send_timeout_now(NodeId to);

  // replication.cc
  void send_append(NodeId to) { maybe_send_append(to, true); }
  bool maybe_send_append(NodeId to, bool even_if_empty);
  bool maybe_send_snapshot(NodeId to, Progress& peer);
  void broadcast_append();
  void send_heartbeat(NodeId to, uint64_t read_round);
  void broadcast_heartbeat(uint64_t read_round);
  bool maybe_commit();
  bool grow_uncommitted(uint64_t bytes);

  // membership.cc
  std::string refusal(const ConfChange& change) const;
  ConfState switch_to(ChangedConfiguration to);
  void leave_joint_if_due();

  // reads.cc
  StepResult handle_read_request(Message& message);
  void start_read(const Message& message);
  void answer_read(NodeId from, const Payload& context, Index index);
  void release_waiting_reads();
  bool committed_in_own_term() const;

  Options options_;
  base::Random& random_;
  Log log_;
  Tracker tracker_;

  // Invariant: term_ never falls; vote_ changes once per term (paper fig. 2).
  Term term_ = 0;
  NodeId vote_ = kNobody;
  Role role_ = Role::kFollower;
  // Invariant: a leader's lead_ is itself; a candidate's is nobody.
  NodeId lead_ = kNobody;
  // To whom we are handing over; proposals are dropped meanwhile.
  NodeId transferee_ = kNobody;

  // As leader: at most one configuration change may be unapplied, and none may be proposed until
  // everything up to this index is applied (thesis §4.1 and the correction of 2015: also what was
  // in the log when we were elected).
  Index pending_conf_index_ = 0;
  // As leader: payload bytes proposed and not applied. May be too small, never too large.
  uint64_t uncommitted_bytes_ = 0;

  // Ticks since the leader was heard of (follower), since the last CheckQuorum (leader).
  int election_elapsed_ = 0;
  int heartbeat_elapsed_ = 0;
  int election_timeout_ = 0;  // drawn anew with each term

  ReadQueue reads_;
  // Reads that arrived before we committed in our term (thesis §6.4 step 1).
  std::vector<Message> early_reads_;
};

}  // namespace bookstore::raft
