#pragma once

#include <vector>

#include "raft/core.h"

namespace bookstore::raft {

// One member of a Raft group, without its disk, network and clock. The owner feeds it ticks,
// messages and proposals, and does what ready() says (raft/ready.h has the order). One thread.
// The storage must outlive the node and must not change but through what ready() asks for.
class Node {
 public:
  Node(const Options& options, const Storage& storage, base::Random& random);

  void tick() { core_.tick(); }
  void campaign() { core_.campaign(); }
  [[nodiscard]] StepResult propose(std::string_view data);
  // Several entries that share one append.
  [[nodiscard]] StepResult propose(std::vector<Entry> entries);
  [[nodiscard]] StepResult propose_conf_change(const ConfChange& change,
                                               EntryKind kind = EntryKind::kConfChangeV2);
  // A linearizable read: `context` comes back in Ready::read_states, here, once it is safe.
  [[nodiscard]] StepResult read_index(std::string_view context);
  // From the network or a storage thread.
  [[nodiscard]] StepResult step(Message message);

  void transfer_leadership(NodeId to);
  void forget_leader();
  void report_unreachable(NodeId peer) { core_.report_unreachable(peer); }
  void report_snapshot(NodeId peer, bool arrived) { core_.report_snapshot(peer, arrived); }
  // Whoever applies an entry that changes the configuration calls this once. The result belongs
  // into the next snapshot. A change that the application refuses is passed with node ids 0.
  ConfState apply_conf_change(const ConfChange& change) { return core_.apply_conf_change(change); }

  bool has_ready() const;
  // Hands over everything that is to be done; it will not be handed over again.
  Ready ready();
  // All of the last ready() is durable and applied. Not with asynchronous writes.
  void advance();

  // For scripts that need to know when a node will campaign.
  void set_election_timeout(int ticks) { core_.set_election_timeout(ticks); }
  const Core& core() const { return core_; }

 private:
  // Entries may be applied before they are durable here: a quorum has them. But not when they are
  // written asynchronously, lest the state machine be ahead of the log after a crash.
  bool apply_unstable() const { return !core_.options().asynchronous_writes; }
  void accept(const Ready& ready);
  Message storage_append(const Ready& ready, std::vector<Message> responses) const;
  Message storage_append_resp(const Ready& ready) const;
  bool needs_storage_append_resp(const Ready& ready) const;
  Message storage_apply(const Ready& ready) const;

  Core core_;
  SoftState soft_state_;  // as last handed out
  HardState hard_state_;

  // Synchronous writes: what advance() does. Invariant: advancing_ from ready() to advance().
  bool advancing_ = false;
  std::vector<Message> steps_on_advance_;
  Index applied_on_advance_ = 0;
  uint64_t applied_entry_bytes_ = 0;
  uint64_t applied_payload_bytes_ = 0;
};

}  // namespace bookstore::raft
