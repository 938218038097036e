#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "raft/payload.h"
#include "raft/types.h"

namespace bookstore::raft {

// kConfChange holds one change, kConfChangeV2 any (raft/conf_change.h); both take effect when they
// are applied, not when they are appended.
enum class EntryKind : uint8_t { kNormal, kConfChange, kConfChangeV2 };

struct Entry {
  Term term = 0;
  Index index = 0;
  EntryKind kind = EntryKind::kNormal;
  Payload data;

  EntryId id() const { return {term, index}; }
  bool is_conf_change() const { return kind != EntryKind::kNormal; }
  friend bool operator==(const Entry&, const Entry&) = default;
};

// What an entry counts against a size limit: its bytes and a little for itself.
inline uint64_t entry_bytes(const Entry& entry) {
  constexpr uint64_t kOverhead = 24;
  return entry.data.size() + kOverhead;
}

uint64_t entries_bytes(std::span<const Entry> entries);
// Without the overhead: an entry that says nothing weighs nothing.
uint64_t payload_bytes(std::span<const Entry> entries);

// How many of the first entries fit into max_bytes; at least one where there is one.
size_t count_within(std::span<const Entry> entries, uint64_t max_bytes);

}  // namespace bookstore::raft
