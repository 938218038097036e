// Linearizable reads without log entries: ReadIndex, thesis §6.4.
#include "raft/core.h"

namespace bookstore::raft {

bool Core::committed_in_own_term() const {
  return log_.term(log_.committed()) == term_;
}

StepResult Core::handle_read_request(Message& message) {
  if (message.entries.size() != 1) return StepResult::kReadDropped;
  if (tracker_.singleton() && tracker_.config().voters.contains(id())) {
    answer_read(message.from, message.entries.front().data, log_.committed());
    return StepResult::kOk;
  }
  if (reads_.size() + early_reads_.size() >= options_.max_pending_reads) {
    return StepResult::kReadDropped;
  }
  // Before that we do not know what earlier leaders committed.
  if (committed_in_own_term()) {
    start_read(message);
  } else {
    early_reads_.push_back(std::move(message));
  }
  return StepResult::kOk;
}

void Core::start_read(const Message& message) {
  const Payload& context = message.entries.front().data;
  if (options_.read_mode == ReadMode::kLease) {
    answer_read(message.from, context, log_.committed());
    return;
  }
  broadcast_heartbeat(reads_.add({message.from, context, log_.committed()}, id()));
}

void Core::answer_read(NodeId from, const Payload& context, Index index) {
  if (from == kNobody || from == id()) {
    read_states.push_back({index, context});
    return;
  }
  Entry entry;
  entry.data = context;
  send({.type = MessageType::kReadIndexResp, .to = from, .index = index, .entries = {entry}});
}

void Core::release_waiting_reads() {
  if (early_reads_.empty() || !committed_in_own_term()) return;
  const std::vector<Message> reads = std::exchange(early_reads_, {});
  for (const Message& read : reads) start_read(read);
}

}  // namespace bookstore::raft
