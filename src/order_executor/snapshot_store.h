#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "order_executor/disk.h"

namespace bookstore::order_executor {

// The state after entry `index` of the log, which was of `term`.
struct Snapshot {
  uint64_t index = 0;
  uint64_t term = 0;
  std::string state;  // OrderMachine::encode()
};

// The snapshots beside the log, one file each (all integers little-endian):
//   file = magic[8], version u32, term u64, index u64, size u64, state sum u64, header sum u64,
//          state[size]
// Both sums are XXH3-64; the state's is its state_hash(). The two newest are kept: the log reaches
// back to the older, so that a damaged newest one costs nothing.
class SnapshotStore {
 public:
  explicit SnapshotStore(Disk& disk) : disk_(disk) {}

  struct Loaded {
    std::optional<Snapshot> newest;    // of those that can be read
    std::vector<std::string> damaged;  // newer files that cannot
    std::vector<uint64_t> indexes;     // of the files that are there and not damaged, ascending
  };
  // FailedPrecondition for a snapshot of a later version.
  absl::StatusOr<Loaded> load();
  // Renames files that load() called damaged, so that nobody counts on them again.
  absl::Status set_aside(const std::vector<std::string>& damaged);

  // Durable under its name, or not there at all, when this returns or the process dies.
  absl::Status save(const Snapshot& snapshot);
  // Removes all but the two newest snapshots and then `segments`, oldest first.
  absl::Status prune(const std::vector<std::string>& segments);

 private:
  absl::Status write(const std::string& name, const Snapshot& snapshot);
  absl::StatusOr<std::vector<uint64_t>> indexes();
  // Empty: damaged.
  absl::StatusOr<std::optional<Snapshot>> read(uint64_t index);

  Disk& disk_;
};

std::string snapshot_name(uint64_t index);
std::optional<uint64_t> snapshot_index(std::string_view name);

}  // namespace bookstore::order_executor
