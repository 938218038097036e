#include "raft/entry.h"

namespace bookstore::raft {

uint64_t entries_bytes(std::span<const Entry> entries) {
  uint64_t sum = 0;
  for (const Entry& entry : entries) sum += entry_bytes(entry);
  return sum;
}

uint64_t payload_bytes(std::span<const Entry> entries) {
  uint64_t sum = 0;
  for (const Entry& entry : entries) sum += entry.data.size();
  return sum;
}

size_t count_within(std::span<const Entry> entries, uint64_t max_bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    sum += entry_bytes(entries[i]);
    if (sum > max_bytes) return i == 0 ? 1 : i;
  }
  return entries.size();
}

}  // namespace bookstore::raft
