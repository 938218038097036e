#pragma once

#include <optional>
#include <span>
#include <vector>

#include "raft/storage.h"
#include "raft/unstable.h"

namespace bookstore::raft {

// The whole log: storage below, the unstable end above, and how far it is committed and applied.
// Invariant, CHECKed after each change: applied <= applying <= committed <= last_index().
class Log {
 public:
  // At most max_applying_bytes of committed entries are out for application at a time (but always
  // one entry).
  Log(const Storage& storage, uint64_t max_applying_bytes);

  Index first_index() const;
  Index last_index() const;
  EntryId last_id() const;
  // For [first_index() - 1, last_index()].
  std::optional<Term> term(Index index) const;
  bool holds(EntryId id) const { return term(id.index) == id.term; }
  // A candidate whose log ends at `theirs` is not behind us (raft paper §5.4.1).
  bool is_up_to_date(EntryId theirs) const;
  SnapshotPtr snapshot() const;

  Index committed() const { return committed_; }
  Index applied() const { return applied_; }
  Index applying() const { return applying_; }

  // Appends [from, to) as far as it fits into max_bytes; false when `from` is compacted.
  [[nodiscard]] bool read(Index from, Index to, uint64_t max_bytes, std::vector<Entry>* out) const;

  // The leader's entries after `before`: nothing when our log does not hold `before`, else the
  // index of the last of them. What conflicts is cut; committed entries never are.
  std::optional<Index> follow(EntryId before, std::span<const Entry> entries, Index commit);
  void append(std::span<const Entry> entries);
  // The last entry at or before `index` whose term is not above `term`: where two logs may meet.
  // Term 0 when it is compacted.
  EntryId last_not_above(Index index, Term term) const;

  void commit_to(Index index);
  // Commits `index` when it is new and its term is `term` (raft paper §5.4.2: a leader counts
  // replicas for entries of its own term only).
  bool commit_own(Index index, Term term);
  void applied_to(Index index, uint64_t bytes);
  void restore(SnapshotPtr snapshot);
  // Does any committed entry that is not applied change the configuration?
  bool has_unapplied_conf_change() const;

  Unstable& unstable() { return unstable_; }
  const Unstable& unstable() const { return unstable_; }

  // Committed entries to be applied next. Only durable ones unless `allow_unstable`.
  bool has_next_committed(bool allow_unstable) const;
  std::vector<Entry> next_committed(bool allow_unstable) const;
  void accept_applying(Index index, uint64_t bytes, bool allow_unstable);

 private:
  Index max_appliable(bool allow_unstable) const;
  void check() const;

  const Storage& storage_;
  Unstable unstable_;
  Index committed_;
  Index applying_;
  Index applied_;
  uint64_t max_applying_bytes_;
  uint64_t applying_bytes_ = 0;
  bool applying_paused_ = false;  // the limit is reached until something is applied
};

}  // namespace bookstore::raft
