#include "raft/message.h"

namespace bookstore::raft {

namespace {

bool needs_term(MessageType type) {
  switch (type) {
    case MessageType::kPropose:
    case MessageType::kReadIndex:
    case MessageType::kForgetLeader:
    case MessageType::kTransferLeader:
    case MessageType::kStorageApply:
    case MessageType::kStorageApplyResp:
    case MessageType::kStorageAppend:
    case MessageType::kStorageAppendResp:
      return false;
    default:
      return true;
  }
}

}  // namespace

bool is_malformed(const Message& message) {
  if (needs_term(message.type) && message.term == 0) return true;
  switch (message.type) {
    case MessageType::kPropose:
      return message.entries.empty();
    case MessageType::kAppend:
      for (size_t i = 0; i < message.entries.size(); ++i) {
        if (message.entries[i].index != message.index + 1 + i) return true;
      }
      return false;
    case MessageType::kSnapshot:
      return message.snapshot == nullptr || message.snapshot->empty() ||
             !Configuration::from_unchecked(message.snapshot->config).problem().empty();
    default:
      return false;
  }
}

bool is_local(MessageType type) {
  switch (type) {
    case MessageType::kStorageAppend:
    case MessageType::kStorageAppendResp:
    case MessageType::kStorageApply:
    case MessageType::kStorageApplyResp:
      return true;
    default:
      return false;
  }
}

bool is_response(MessageType type) {
  switch (type) {
    case MessageType::kAppendResp:
    case MessageType::kVoteResp:
    case MessageType::kPreVoteResp:
    case MessageType::kHeartbeatResp:
    case MessageType::kReadIndexResp:
      return true;
    default:
      return false;
  }
}

}  // namespace bookstore::raft
