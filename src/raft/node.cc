#include "raft/node.h"

#include "base/check.h"

namespace bookstore::raft {

Node::Node(const Options& options, const Storage& storage, base::Random& random)
    : core_(options, storage, random),
      soft_state_(core_.soft_state()),
      hard_state_(core_.hard_state()) {}

StepResult Node::propose(std::string_view data) {
  std::vector<Entry> entries(1);
  entries.front().data = Payload(data);
  return propose(std::move(entries));
}

StepResult Node::propose(std::vector<Entry> entries) {
  return core_.step(
      {.type = MessageType::kPropose, .from = core_.id(), .entries = std::move(entries)});
}

StepResult Node::propose_conf_change(const ConfChange& change, EntryKind kind) {
  std::vector<Entry> entries(1);
  entries.front().kind = kind;
  entries.front().data = Payload(change.encode());
  return propose(std::move(entries));
}

StepResult Node::read_index(std::string_view context) {
  std::vector<Entry> entries(1);
  entries.front().data = Payload(context);
  return core_.step(
      {.type = MessageType::kReadIndex, .from = core_.id(), .entries = std::move(entries)});
}

StepResult Node::step(Message message) {
  if (is_local(message.type)) {
    if (!is_local_thread(message.from)) return StepResult::kLocalMessage;
  } else if (is_malformed(message)) {
    return StepResult::kMalformed;
  } else if (is_response(message.type) && core_.tracker().find(message.from) == nullptr) {
    return StepResult::kUnknownPeer;
  }
  return core_.step(std::move(message));
}

void Node::transfer_leadership(NodeId to) {
  core_.step({.type = MessageType::kTransferLeader, .from = to});
}

void Node::forget_leader() {
  core_.step({.type = MessageType::kForgetLeader});
}

bool Node::has_ready() const {
  const HardState hard = core_.hard_state();
  const Unstable& unstable = core_.log().unstable();
  return core_.soft_state() != soft_state_ || (!hard.empty() && hard != hard_state_) ||
         unstable.next_snapshot() != nullptr || !core_.messages.empty() ||
         !core_.after_append.empty() || !unstable.next_entries().empty() ||
         core_.log().has_next_committed(apply_unstable()) || !core_.read_states.empty();
}

Ready Node::ready() {
  BOOKSTORE_CHECK(!advancing_, "the last Ready was not advanced");
  Ready ready;
  const Unstable& unstable = core_.log().unstable();
  const auto next = unstable.next_entries();
  ready.entries.assign(next.begin(), next.end());
  ready.committed_entries = core_.log().next_committed(apply_unstable());
  ready.snapshot = unstable.next_snapshot();
  ready.messages = std::exchange(core_.messages, {});
  ready.read_states = std::exchange(core_.read_states, {});
  if (core_.soft_state() != soft_state_) ready.soft_state = core_.soft_state();
  const HardState hard = core_.hard_state();
  if (hard != hard_state_) ready.hard_state = hard;
  ready.must_sync =
      !ready.entries.empty() || hard.vote != hard_state_.vote || hard.term != hard_state_.term;
  std::vector<Message> after_append = std::exchange(core_.after_append, {});
  if (core_.options().asynchronous_writes) {
    if (!ready.entries.empty() || ready.hard_state || ready.snapshot || !after_append.empty()) {
      ready.messages.push_back(storage_append(ready, std::move(after_append)));
    }
    if (!ready.committed_entries.empty()) ready.messages.push_back(storage_apply(ready));
  } else {
    for (Message& message : after_append) {
      auto& place = message.to == core_.id() ? steps_on_advance_ : ready.messages;
      place.push_back(std::move(message));
    }
  }
  accept(ready);
  return ready;
}

void Node::accept(const Ready& ready) {
  if (ready.soft_state) soft_state_ = *ready.soft_state;
  if (ready.hard_state) hard_state_ = *ready.hard_state;
  const uint64_t bytes = entries_bytes(ready.committed_entries);
  if (!core_.options().asynchronous_writes) {
    advancing_ = true;
    if (needs_storage_append_resp(ready)) steps_on_advance_.push_back(storage_append_resp(ready));
    if (!ready.committed_entries.empty()) {
      applied_on_advance_ = ready.committed_entries.back().index;
      applied_entry_bytes_ = bytes;
      applied_payload_bytes_ = payload_bytes(ready.committed_entries);
    }
  }
  core_.log().unstable().accept();
  if (!ready.committed_entries.empty()) {
    core_.log().accept_applying(ready.committed_entries.back().index, bytes, apply_unstable());
  }
}

void Node::advance() {
  BOOKSTORE_CHECK(!core_.options().asynchronous_writes, "the storage threads advance this node");
  BOOKSTORE_CHECK(advancing_, "nothing was handed out");
  advancing_ = false;
  for (Message& message : std::exchange(steps_on_advance_, {})) core_.step(std::move(message));
  if (const Index applied = std::exchange(applied_on_advance_, 0)) {
    core_.applied_to(applied, applied_entry_bytes_, applied_payload_bytes_);
  }
}

Message Node::storage_append(const Ready& ready, std::vector<Message> responses) const {
  Message message{.type = MessageType::kStorageAppend, .from = core_.id(), .to = kAppendThread};
  if (ready.hard_state) {
    message.term = ready.hard_state->term;
    message.vote = ready.hard_state->vote;
    message.commit = ready.hard_state->commit;
  }
  message.entries = ready.entries;
  message.snapshot = ready.snapshot;
  message.responses = std::move(responses);
  // Last: a leader handles its own acknowledgement while the entries are still in memory.
  if (needs_storage_append_resp(ready)) message.responses.push_back(storage_append_resp(ready));
  return message;
}

bool Node::needs_storage_append_resp(const Ready& ready) const {
  return !core_.log().unstable().empty() || ready.snapshot != nullptr;
}

// Names the end of the log, not of this write, with our term: an answer that comes after the term
// has changed is dropped, because an entry with the same index and term as one of ours may by then
// have been overwritten and written again (ABA).
Message Node::storage_append_resp(const Ready& ready) const {
  Message message{.type = MessageType::kStorageAppendResp,
                  .from = kAppendThread,
                  .to = core_.id(),
                  .term = core_.term()};
  if (!core_.log().unstable().empty()) {
    const EntryId last = core_.log().last_id();
    message.index = last.index;
    message.log_term = last.term;
  }
  message.snapshot = ready.snapshot;
  return message;
}

Message Node::storage_apply(const Ready& ready) const {
  Message done{.type = MessageType::kStorageApplyResp, .from = kApplyThread, .to = core_.id()};
  done.entries = ready.committed_entries;
  Message message{.type = MessageType::kStorageApply, .from = core_.id(), .to = kApplyThread};
  message.entries = ready.committed_entries;
  message.responses.push_back(std::move(done));
  return message;
}

}  // namespace bookstore::raft
