#include "raft/memory_storage.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::raft {

MemoryStorage::MemoryStorage(ConfState config)
    : snapshot_(std::make_shared<Snapshot>(Snapshot{{}, std::move(config), {}})) {}

std::optional<Term> MemoryStorage::term(Index index) const {
  if (index < before_.index || index > last_index()) return std::nullopt;
  return index == before_.index ? before_.term : entries_[index - before_.index - 1].term;
}

bool MemoryStorage::read(Index from, Index to, uint64_t max_bytes, std::vector<Entry>* out) const {
  if (from <= before_.index) return false;
  BOOKSTORE_CHECK(from < to && to <= last_index() + 1, "[", from, ", ", to, ") of ", last_index());
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(from - first_index());
  const std::span<const Entry> asked(&*first, to - from);
  const auto given = asked.first(count_within(asked, max_bytes));
  out->insert(out->end(), given.begin(), given.end());
  return true;
}

void MemoryStorage::append(std::span<const Entry> entries) {
  // What the snapshot already stands for is not kept.
  while (!entries.empty() && entries.front().index <= before_.index) entries = entries.subspan(1);
  if (entries.empty()) return;
  const Index from = entries.front().index;
  BOOKSTORE_CHECK(from <= last_index() + 1, "a gap from ", last_index(), " to ", from);
  entries_.resize(from - first_index());
  entries_.insert(entries_.end(), entries.begin(), entries.end());
}

bool MemoryStorage::install(SnapshotPtr snapshot) {
  if (snapshot->at.index <= snapshot_->at.index) return false;
  before_ = snapshot->at;
  entries_.clear();
  snapshot_ = std::move(snapshot);
  return true;
}

bool MemoryStorage::compact(Index index) {
  if (index <= before_.index) return false;
  BOOKSTORE_CHECK(index <= last_index(), index, " is beyond ", last_index());
  const EntryId last = {*term(index), index};
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<std::ptrdiff_t>(index - before_.index));
  before_ = last;
  return true;
}

}  // namespace bookstore::raft
