#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"

namespace bookstore::raft {

enum class ConfChangeKind : uint8_t { kAddVoter = 0, kRemove = 1, kUpdate = 2, kAddLearner = 3 };

struct NodeChange {
  ConfChangeKind kind = ConfChangeKind::kAddVoter;
  NodeId node = 0;  // zero: the application refused this change; it is skipped
  friend bool operator==(const NodeChange&, const NodeChange&) = default;
};

// How a change goes through joint consensus. kAuto: only when it needs to (more than one change),
// and leaves it by itself. kImplicit: always, leaves by itself. kExplicit: always, and stays
// joint until an empty change is proposed.
enum class Transition : uint8_t { kAuto = 0, kImplicit = 1, kExplicit = 2 };

// The content of a configuration entry. No changes and kAuto: leave the joint configuration.
struct ConfChange {
  Transition transition = Transition::kAuto;
  std::vector<NodeChange> changes;
  std::string context;  // the application's, not read here

  bool leaves_joint() const { return changes.empty() && transition == Transition::kAuto; }
  // Whether it enters a joint configuration, and if so whether that is left automatically.
  std::optional<bool> enters_joint() const;

  // The entry's bytes: none for "leave", else version, transition, changes, context.
  std::string encode() const;
  // Empty on anything encode() cannot have made.
  static std::optional<ConfChange> decode(std::string_view bytes);

  friend bool operator==(const ConfChange&, const ConfChange&) = default;
};

// "v1 l2 r3 u4": make 1 a voter, 2 a learner, remove 3, update 4 (which changes nothing here).
std::string to_string(const std::vector<NodeChange>& changes);
std::optional<std::vector<NodeChange>> parse_changes(std::string_view text);

}  // namespace bookstore::raft
