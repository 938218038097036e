#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "order_executor/disk.h"

namespace bookstore::order_executor {

// A disk that forgets. It keeps two pictures: what a running process sees (the page cache) and
// what has reached the platter. power_loss() drops what was not synced: every unsynced sector on
// its own, torn at any byte, in any order, and unsynced names from some point on, as a journalled
// file system does. Any operation can be the one that never returns, any sync can fail. Any thread,
// as Disk says; what a test does to it comes from one.
class SimulatedDisk final : public Disk {
 public:
  explicit SimulatedDisk(uint64_t seed) : random_(seed) {}

  absl::StatusOr<std::vector<std::string>> list() override;
  absl::StatusOr<std::unique_ptr<DiskFile>> create(const std::string& name) override;
  absl::StatusOr<std::unique_ptr<DiskFile>> open(const std::string& name) override;
  absl::Status rename(const std::string& from, const std::string& to) override;
  absl::Status remove(const std::string& name) override;
  absl::Status sync_directory() override;

  // The operation after `operations` more dies half done, and all later ones fail, until
  // power_loss().
  void die_after(uint64_t operations) {
    const std::lock_guard lock(mutex_);
    die_at_ = operations_ + operations;
  }
  bool died() const {
    const std::lock_guard lock(mutex_);
    return died_;
  }
  // The next sync fails. As on Linux its pages count as clean afterwards although the disk may
  // not have them.
  void fail_next_sync() {
    const std::lock_guard lock(mutex_);
    fail_sync_ = true;
  }
  // Every write fails from now on: no space left.
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }

  // Files that are open belong to the process that died with them: use none afterwards.
  void power_loss();

  uint64_t operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
  }
  // Changes one byte on the platter and in the cache, as a failing medium does.
  void flip(const std::string& name, uint64_t offset);
  // What a process would read, for tests that look into a file.
  std::string contents(const std::string& name) const;

 private:
  friend class SimulatedFile;
  struct Change {
    enum class Kind { kWrite, kTruncate, kExtend } kind;
    uint64_t offset = 0;  // or the new size
    std::string bytes;
  };
  struct Inode {
    std::string platter;
    std::string cache;
    std::vector<Change> unsynced;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // Counts an operation; an error when the process is dead. Sets died_ on the one that dies.
  absl::Status begin_operation();
  absl::Status change(Inode& inode, Change change);
  absl::Status sync(Inode& inode);
  absl::Status change_names(Names names);
  static void apply(const Change& change, std::string& contents);
  void apply_some(const Inode& inode, std::string& platter);

  mutable std::mutex mutex_;  // guards all that follows
  base::SeededRandom random_;
  Names cached_names_;
  // The directory's states since its last sync, oldest (durable) first; never empty.
  std::vector<Names> name_history_ = {Names{}};
  uint64_t operations_ = 0;
  std::optional<uint64_t> die_at_;
  bool died_ = false;
  bool fail_sync_ = false;
  bool full_ = false;
};

}  // namespace bookstore::order_executor
