#pragma once

#include <string>
#include <string_view>

#include "raft/core.h"

namespace bookstore::raft {

// What a person, a trace or a script reads. The names are etcd/raft's (MsgApp, StateLeader): people
// and tools know them, and its scripts can then be compared with.
const char* name_of(MessageType type);
const char* name_of(Role role);
// As the reader of an error would be told.
const char* name_of(StepResult result);
std::string name_of(NodeId id);

// "1/12 EntryNormal \"prop\""
std::string describe(const Entry& entry);
std::string describe_entries(const std::vector<Entry>& entries);
// "Index:4 Term:1 ConfState:…"
std::string describe(const Snapshot& snapshot);
std::string describe(const HardState& state);
std::string describe(const SoftState& state);
// One line, and indented ones for several entries, a snapshot or responses.
std::string describe(const Message& message);
// "Ready MustSync=true:\n…", each line ended; "<empty Ready>" for one with nothing in it.
std::string describe(const Ready& ready);

// "text" with control characters, quotes and backslashes escaped.
std::string quoted(std::string_view bytes);

}  // namespace bookstore::raft
