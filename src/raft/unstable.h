#pragma once

#include <optional>
#include <span>
#include <vector>

#include "raft/message.h"

namespace bookstore::raft {

// The end of the log that storage has not confirmed yet, and a snapshot on its way there.
//
//   offset_          in_progress_                 next
//     | being written      | not handed out yet    |
//
// Invariant: entries_[i].index == offset_ + i; offset_ <= in_progress_ <= next().
class Unstable {
 public:
  explicit Unstable(Index offset) : offset_(offset), in_progress_(offset) {}

  Index offset() const { return offset_; }
  Index next() const { return offset_ + entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  // The snapshot and then the entries decide, where there are any.
  std::optional<Index> first_index() const;
  std::optional<Index> last_index() const;
  std::optional<Term> term(Index index) const;
  // [from, to) inside [offset, next].
  std::span<const Entry> slice(Index from, Index to) const;

  // Not handed to storage yet.
  std::span<const Entry> next_entries() const { return slice(in_progress_, next()); }
  SnapshotPtr next_snapshot() const { return snapshot_in_progress_ ? nullptr : snapshot_; }
  // Handed to storage just now.
  void accept();

  // Durable up to this entry. Ignored unless this very entry is here: an answer for an entry that
  // has been overwritten since says nothing (async_storage_writes_append_aba_race).
  void stable_to(EntryId id);
  void stable_snapshot(Index index);

  void restore(SnapshotPtr snapshot);
  void truncate_and_append(std::span<const Entry> entries);

 private:
  void check() const;

  SnapshotPtr snapshot_;
  bool snapshot_in_progress_ = false;
  std::vector<Entry> entries_;
  Index offset_;
  Index in_progress_;
};

}  // namespace bookstore::raft
