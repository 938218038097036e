#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "raft/configuration.h"
#include "raft/entry.h"

namespace bookstore::raft {

// What must survive a restart (raft paper fig. 2: currentTerm, votedFor) and the commit index,
// which saves the restarted node the wait for its leader. Written as one record.
struct HardState {
  Term term = 0;
  NodeId vote = kNobody;
  Index commit = 0;

  bool empty() const { return *this == HardState{}; }
  friend bool operator==(const HardState&, const HardState&) = default;
};

struct Snapshot {
  EntryId at;  // the last entry that it stands for
  ConfState config;
  Payload data;

  bool empty() const { return at.index == 0; }
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

enum class MessageType : uint8_t {
  kPropose,     // to the leader: entries
  kAppend,      // AppendEntries: entries after (log_term, index), commit
  kAppendResp,  // holds everything up to index; or reject with reject_hint, log_term
  kVote,        // RequestVote: the candidate's log ends at (log_term, index)
  kVoteResp,
  kPreVote,  // would you vote for me in term? (thesis §9.6)
  kPreVoteResp,
  kSnapshot,   // InstallSnapshot
  kHeartbeat,  // commit, and the read round that its answer proves
  kHeartbeatResp,
  kTransferLeader,  // to the leader; from is the node that shall lead
  kTimeoutNow,      // campaign at once (thesis §3.10)
  kReadIndex,       // to the leader: entries[0] is the reader's context
  kReadIndexResp,   // index, entries[0]
  kForgetLeader,
  kStorageAppend,  // to kAppendThread: make hard state, entries, snapshot durable, then send
  kStorageAppendResp,
  kStorageApply,  // to kApplyThread: apply entries, then send
  kStorageApplyResp,
};
constexpr int kMessageTypes = 19;

// One message for all; which fields count is said above. The transport delivers it whole or not at
// all, any number of times, in any order.
struct Message {
  MessageType type = MessageType::kPropose;
  NodeId from = kNobody;
  NodeId to = kNobody;
  Term term = 0;  // 0: has none (local, proposals, reads)
  Term log_term = 0;
  Index index = 0;
  std::vector<Entry> entries;
  Index commit = 0;
  NodeId vote = kNobody;  // kStorageAppend: of the hard state
  bool reject = false;
  Index reject_hint = 0;
  bool by_transfer = false;  // votes: the leader asked for this election
  uint64_t read_round = 0;   // heartbeats: 0 proves no read
  SnapshotPtr snapshot;
  std::vector<Message> responses;  // kStorage…: to be sent once the work is done, in this order
};

// What no peer of ours can have sent: votes and appends without a term, entries that do not follow
// each other, a snapshot whose configuration contradicts itself. Dropped at the door.
bool is_malformed(const Message& message);

// Comes from storage threads only, never over the network.
bool is_local(MessageType type);
// Answers something the sender asked us as a member.
bool is_response(MessageType type);

}  // namespace bookstore::raft
