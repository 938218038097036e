#include "raft/describe.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "raft/conf_change.h"

namespace bookstore::raft {
namespace {

constexpr std::array<const char*, kMessageTypes> kNames = {"MsgProp",
                                                           "MsgApp",
                                                           "MsgAppResp",
                                                           "MsgVote",
                                                           "MsgVoteResp",
                                                           "MsgPreVote",
                                                           "MsgPreVoteResp",
                                                           "MsgSnap",
                                                           "MsgHeartbeat",
                                                           "MsgHeartbeatResp",
                                                           "MsgTransferLeader",
                                                           "MsgTimeoutNow",
                                                           "MsgReadIndex",
                                                           "MsgReadIndexResp",
                                                           "MsgForgetLeader",
                                                           "MsgStorageAppend",
                                                           "MsgStorageAppendResp",
                                                           "MsgStorageApply",
                                                           "MsgStorageApplyResp"};

void describe_to(std::string* out, const std::string& indent, const Message& message) {
  absl::StrAppend(out, indent, name_of(message.from), "->", name_of(message.to), " ",
                  name_of(message.type), " Term:", message.term, " Log:", message.log_term, "/",
                  message.index);
  if (message.reject) absl::StrAppend(out, " Rejected (Hint: ", message.reject_hint, ")");
  if (message.commit != 0) absl::StrAppend(out, " Commit:", message.commit);
  if (message.vote != kNobody) absl::StrAppend(out, " Vote:", message.vote);
  if (message.entries.size() == 1) {
    absl::StrAppend(out, " Entries:[", describe(message.entries.front()), "]");
  } else if (!message.entries.empty()) {
    absl::StrAppend(out, " Entries:[");
    for (const Entry& entry : message.entries) {
      absl::StrAppend(out, "\n", indent, "  ", describe(entry));
    }
    absl::StrAppend(out, "\n", indent, "]");
  }
  if (message.snapshot != nullptr && !message.snapshot->empty()) {
    absl::StrAppend(out, "\n", indent, "  Snapshot: ", describe(*message.snapshot));
  }
  if (message.responses.empty()) return;
  absl::StrAppend(out, " Responses:[");
  for (const Message& response : message.responses) {
    absl::StrAppend(out, "\n");
    describe_to(out, indent + "  ", response);
  }
  absl::StrAppend(out, "\n", indent, "]");
}

std::string describe(const ReadState& state) {
  std::string bytes;
  for (const char c : state.context.bytes()) {
    absl::StrAppend(&bytes, bytes.empty() ? "" : " ", static_cast<unsigned char>(c));
  }
  return absl::StrCat("{", state.index, " [", bytes, "]}");
}

}  // namespace

const char* name_of(MessageType type) {
  return kNames.at(static_cast<size_t>(type));
}

const char* name_of(Role role) {
  switch (role) {
    case Role::kFollower:
      return "StateFollower";
    case Role::kCandidate:
      return "StateCandidate";
    case Role::kLeader:
      return "StateLeader";
    case Role::kPreCandidate:
      return "StatePreCandidate";
  }
  return "State(?)";
}

const char* name_of(StepResult result) {
  switch (result) {
    case StepResult::kOk:
      return "ok";
    case StepResult::kProposalDropped:
      return "raft proposal dropped";
    case StepResult::kConfChangeRefused:
      return "raft: configuration change refused";
    case StepResult::kReadDropped:
      return "raft: read dropped";
    case StepResult::kLocalMessage:
      return "raft: cannot step raft local message";
    case StepResult::kMalformed:
      return "raft: malformed message";
    case StepResult::kUnknownPeer:
      return "raft: cannot step as peer not found";
  }
  return "StepResult(?)";
}

std::string name_of(NodeId id) {
  if (id == kNobody) return "None";
  if (id == kAppendThread) return "AppendThread";
  if (id == kApplyThread) return "ApplyThread";
  return absl::StrCat(id);
}

std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.push_back('\\');
      text.push_back(c);
    } else if (c == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      absl::StrAppendFormat(&text, "\\x%02x", byte);
    } else {
      text.push_back(c);
    }
  }
  return text + "\"";
}

std::string describe(const Entry& entry) {
  std::string text = absl::StrCat(entry.term, "/", entry.index);
  if (!entry.is_conf_change()) {
    return absl::StrCat(text, " EntryNormal ", quoted(entry.data.bytes()));
  }
  text += entry.kind == EntryKind::kConfChange ? " EntryConfChange" : " EntryConfChangeV2";
  const auto change = ConfChange::decode(entry.data.bytes());
  if (!change.has_value()) return text + " ?";
  if (!change->changes.empty()) absl::StrAppend(&text, " ", to_string(change->changes));
  return text;
}

std::string describe_entries(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) absl::StrAppend(&text, describe(entry), "\n");
  return text;
}

std::string describe(const Snapshot& snapshot) {
  return absl::StrCat("Index:", snapshot.at.index, " Term:", snapshot.at.term,
                      " ConfState:", snapshot.config.to_string());
}

std::string describe(const HardState& state) {
  std::string text = absl::StrCat("Term:", state.term);
  if (state.vote != kNobody) absl::StrAppend(&text, " Vote:", state.vote);
  return absl::StrCat(text, " Commit:", state.commit);
}

std::string describe(const SoftState& state) {
  return absl::StrCat("Lead:", state.lead, " State:", name_of(state.role));
}

std::string describe(const Message& message) {
  std::string text;
  describe_to(&text, "", message);
  return text;
}

std::string describe(const Ready& ready) {
  std::string text;
  if (ready.soft_state) absl::StrAppend(&text, describe(*ready.soft_state), "\n");
  if (ready.hard_state) absl::StrAppend(&text, "HardState ", describe(*ready.hard_state), "\n");
  if (!ready.read_states.empty()) {
    absl::StrAppend(&text, "ReadStates [");
    for (const ReadState& state : ready.read_states) {
      absl::StrAppend(&text, &state == &ready.read_states.front() ? "" : " ", describe(state));
    }
    absl::StrAppend(&text, "]\n");
  }
  if (!ready.entries.empty()) {
    absl::StrAppend(&text, "Entries:\n", describe_entries(ready.entries));
  }
  if (ready.snapshot != nullptr) {
    absl::StrAppend(&text, "Snapshot ", describe(*ready.snapshot), "\n");
  }
  if (!ready.committed_entries.empty()) {
    absl::StrAppend(&text, "CommittedEntries:\n", describe_entries(ready.committed_entries));
  }
  if (!ready.messages.empty()) {
    absl::StrAppend(&text, "Messages:\n");
    for (const Message& message : ready.messages) absl::StrAppend(&text, describe(message), "\n");
  }
  if (text.empty()) return "<empty Ready>";
  return absl::StrCat("Ready MustSync=", ready.must_sync ? "true" : "false", ":\n", text);
}

}  // namespace bookstore::raft
