#pragma once

#include <string>
#include <vector>

#include "raft/storage.h"

namespace bookstore::raft {

// A log in memory, for tests, scripts and benchmarks. Not thread safe.
class MemoryStorage : public Storage {
 public:
  MemoryStorage() = default;
  // A group that starts with an empty log and this configuration.
  explicit MemoryStorage(ConfState config);

  Start start() const override { return {hard_state_, snapshot_->config}; }
  Index first_index() const override { return before_.index + 1; }
  Index last_index() const override { return before_.index + entries_.size(); }
  std::optional<Term> term(Index index) const override;
  [[nodiscard]] bool read(Index from, Index to, uint64_t max_bytes,
                          std::vector<Entry>* out) const override;
  SnapshotPtr snapshot() const override { return snapshot_; }

  void set_hard_state(const HardState& state) { hard_state_ = state; }
  // Overwrites from the first new entry on; leaves no gap.
  void append(std::span<const Entry> entries);
  // False when we have a newer one.
  [[nodiscard]] bool install(SnapshotPtr snapshot);
  // A snapshot of our own state, of an entry that we hold; the entries stay.
  void keep(SnapshotPtr snapshot) { snapshot_ = std::move(snapshot); }
  // Forgets the entries up to `index`; false when they are forgotten.
  [[nodiscard]] bool compact(Index index);

 private:
  EntryId before_;              // the entry before entries_[0]
  std::vector<Entry> entries_;  // Invariant: entries_[i].index == before_.index + 1 + i
  HardState hard_state_;
  SnapshotPtr snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace bookstore::raft
