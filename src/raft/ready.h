#pragma once

#include <optional>
#include <vector>

#include "raft/message.h"

namespace bookstore::raft {

enum class Role : uint8_t { kFollower, kCandidate, kLeader, kPreCandidate };

// What need not be stored.
struct SoftState {
  NodeId lead = kNobody;
  Role role = Role::kFollower;
  friend bool operator==(const SoftState&, const SoftState&) = default;
};

// The read with this context may be answered once the state machine has applied `index`.
struct ReadState {
  Index index = 0;
  Payload context;
};

// Everything that has to be done next, in this order:
//   1. write hard_state, entries and snapshot in one go, and sync them if must_sync
//   2. send the messages
//   3. apply the snapshot, then committed_entries; tell the node of each applied configuration
//      change (Node::apply_conf_change)
//   4. Node::advance()
// With asynchronous writes there is no advance: 1 is a kStorageAppend among the messages, 3 a
// kStorageApply; each is done by its thread, in order, which then sends the responses it carries. A
// snapshot may overtake entries that wait for their application: those at or before it are skipped,
// their configuration changes too, since the snapshot's configuration has them.
// All other messages may leave at once.
struct Ready {
  std::optional<SoftState> soft_state;  // where it changed
  std::optional<HardState> hard_state;  // where it changed
  std::vector<ReadState> read_states;
  std::vector<Entry> entries;
  SnapshotPtr snapshot;
  std::vector<Entry> committed_entries;
  std::vector<Message> messages;
  // Entries, term or vote changed: nothing may be sent before that is durable. A new commit index
  // alone can be lost.
  bool must_sync = false;
};

}  // namespace bookstore::raft
