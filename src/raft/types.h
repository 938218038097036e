#pragma once

#include <cstdint>
#include <limits>

namespace bookstore::raft {

using NodeId = uint64_t;
using Term = uint64_t;
using Index = uint64_t;

inline constexpr NodeId kNobody = 0;
// Targets of the messages that stand for local storage work (asynchronous storage writes).
inline constexpr NodeId kAppendThread = std::numeric_limits<NodeId>::max();
inline constexpr NodeId kApplyThread = std::numeric_limits<NodeId>::max() - 1;

inline constexpr Index kEveryIndex = std::numeric_limits<Index>::max();
inline constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

inline bool is_local_thread(NodeId id) {
  return id == kAppendThread || id == kApplyThread;
}

// Where an entry lies and who wrote it. Two logs that hold the same EntryId agree up to it
// (Log Matching, raft paper §5.3).
struct EntryId {
  Term term = 0;
  Index index = 0;
  friend bool operator==(const EntryId&, const EntryId&) = default;
};

}  // namespace bookstore::raft
