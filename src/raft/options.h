#pragma once

#include <cstdint>
#include <string>

#include "raft/types.h"

namespace bookstore::raft {

// kQuorum: a round of heartbeats proves that we still lead (thesis §6.4). kLease: the last one is
// believed for an election timeout, which is right only while clocks drift less than the timeouts
// allow (§6.4.1); needs check_quorum.
enum class ReadMode : uint8_t { kQuorum, kLease };

struct Options {
  NodeId id = kNobody;
  // In ticks. A follower waits election_ticks + random(0 … election_ticks - 1) without its leader.
  int election_ticks = 10;
  int heartbeat_ticks = 1;
  // The last entry that the state machine holds after a restart; 0: what the snapshot holds.
  Index applied = 0;

  // Entries, hard state and application go as messages to kAppendThread and kApplyThread, several
  // may be under way; else each Ready is written and applied before advance().
  bool asynchronous_writes = false;

  uint64_t max_append_bytes = 1 << 20;        // entries of one append message
  uint64_t max_committed_bytes = 0;           // entries out for application; 0: max_append_bytes
  uint64_t max_uncommitted_bytes = 64 << 20;  // proposals a leader keeps before it drops more
  size_t max_inflight_messages = 256;         // appends on their way to one follower
  uint64_t max_inflight_bytes = 0;            // 0: no limit
  size_t max_pending_reads = 4096;            // read requests waiting for a leader's proof

  // Together they keep a node that was cut off from deposing a live leader, and make a leader that
  // is cut off step down (thesis §6.2, §9.6).
  bool check_quorum = true;
  bool pre_vote = true;
  ReadMode read_mode = ReadMode::kQuorum;

  bool disable_proposal_forwarding = false;
  // Changes of the configuration are appended unjudged. For groups that judge them themselves.
  bool disable_conf_change_validation = false;
  // A leader that is no voter any more steps down once that is applied, instead of going on until
  // it is deposed.
  bool step_down_on_removal = true;

  // Empty, or what is wrong.
  std::string problem() const;
};

}  // namespace bookstore::raft
