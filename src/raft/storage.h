#pragma once

#include <optional>
#include <vector>

#include "raft/message.h"

namespace bookstore::raft {

// The durable log as the core reads it. Called from the core's thread only; what a call returns
// must already be durable. "Compacted" is an answer; a storage that cannot read (damage, an I/O
// error) must not answer at all: an empty prefix instead of an error has cost others committed
// entries, so the process stops or the node is taken out of service first.
class Storage {
 public:
  virtual ~Storage() = default;

  struct Start {
    HardState hard_state;
    ConfState config;
  };
  // What the last run left behind.
  virtual Start start() const = 0;

  // The first entry that can be read; the one before it is the snapshot's, whose term is known.
  virtual Index first_index() const = 0;
  // first_index() - 1 when there are no entries.
  virtual Index last_index() const = 0;
  // For [first_index() - 1, last_index()]; nothing below (compacted) or above.
  virtual std::optional<Term> term(Index index) const = 0;
  // Appends [from, to) to `out`, as many as fit into max_bytes but at least one. False when `from`
  // is compacted. to <= last_index() + 1, from < to.
  [[nodiscard]] virtual bool read(Index from, Index to, uint64_t max_bytes,
                                  std::vector<Entry>* out) const = 0;
  // The newest snapshot; null while it is being made (the core asks again later).
  virtual SnapshotPtr snapshot() const = 0;
};

}  // namespace bookstore::raft
