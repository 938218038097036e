#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "order_executor/disk.h"
#include "order_executor/wal_format.h"

namespace bookstore::order_executor {

struct LogEntry {
  uint64_t term = 0;
  uint64_t index = 0;
  std::string payload;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

// What a member of a cluster must never forget. Kept in one record, so never half of it.
struct HardState {
  uint64_t term = 0;
  uint64_t vote = 0;
  uint64_t commit = 0;
  friend bool operator==(const HardState&, const HardState&) = default;
};

// The write-ahead log of the order executor (DESIGN §6): a chain of checksummed records in
// preallocated segments. append() returns after one sync of the whole batch. One thread.
//
// Recovery decides by what can have been acknowledged. A last batch whose trailer place holds
// zeros or end of file never was: it is cut. Damage in front of anything that was written later is
// a hole in acknowledged entries: never cut, open() refuses. Any other doubtful last batch is cut
// too, because a cluster of one has nobody to ask, but a copy stays beside the log and a note
// says so.
class Wal {
 public:
  struct Options {
    uint64_t segment_size = 16 << 20;
    // A snapshot holds the entries up to here: they are not replayed, and the log may begin behind
    // them, but must reach them.
    uint64_t snapshot_index = 0;
  };
  struct Recovered {
    HardState hard_state;
    uint64_t last_index = 0;
    uint64_t last_term = 0;  // of the last entry
    // Copies of doubtful batches beside the log, made now or at an earlier start. Each may have
    // held a term that was acted on.
    uint64_t doubtful_copies = 0;
    std::vector<std::string> notes;  // one sentence for each thing an operator should know
  };
  using Replay = std::function<void(const LogEntry&)>;

  // `replay` gets every durable entry after the snapshot, in order. DataLoss when the log has a
  // hole or does not meet the snapshot.
  static absl::StatusOr<std::unique_ptr<Wal>> open(Disk& disk, Options options,
                                                   const Replay& replay, Recovered& recovered);

  // Entries must follow the last index without a gap. When this returns OK all of it is durable.
  // The first failure poisons the log: nothing is accepted any more until the process restarts,
  // because what a failed write or sync left on the disk is unknown.
  absl::Status append(const std::optional<HardState>& hard_state,
                      const std::vector<LogEntry>& entries);

  // The segments that hold nothing after entry `index`, oldest first. Who removes their files (in
  // this order) says so with forget(); a start that finds some of them again skips what they hold.
  std::vector<std::string> segments_up_to(uint64_t index) const;
  void forget(const std::vector<std::string>& segments);

  uint64_t last_index() const { return last_index_; }
  // OK, or the failure that poisoned the log.
  const absl::Status& health() const { return health_; }

  struct Counters {
    uint64_t batches = 0, entries = 0, bytes = 0, segments = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  friend class WalRecovery;
  Wal(Disk& disk, Options options) : disk_(disk), options_(options) {}

  std::string encode_batch(const std::optional<HardState>& hard_state,
                           const std::vector<LogEntry>& entries);
  absl::Status write_batch(const std::string& batch);
  // Starts the next segment. Everything before it is durable then.
  absl::Status roll();

  Disk& disk_;
  const Options options_;
  std::unique_ptr<DiskFile> file_;
  uint64_t segment_ = 0;  // number of file_
  // By number: the last entry before the segment. The last one is file_.
  std::map<uint64_t, uint64_t> segments_;
  uint64_t offset_ = 0;  // where the next batch goes in file_
  uint64_t chain_ = 0;   // sum of the last record
  uint64_t last_index_ = 0;
  uint64_t last_term_ = 0;
  uint64_t synced_index_ = 0;  // ≤ last_index_; equal unless poisoned
  HardState hard_state_;
  absl::Status health_;
  Counters counters_;
};

}  // namespace bookstore::order_executor
