#include "order_executor/snapshot_store.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

constexpr std::string_view kMagic = "BKSNAP\r\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderSize = 8 + 4 + 8 + 8 + 8 + 8 + 8;
constexpr size_t kKept = 2;
// Written and synced piece by piece, so that the log's syncs need not wait for all of it.
constexpr size_t kPieceSize = 1 << 20;

std::string encode_header(const Snapshot& snapshot) {
  base::ByteWriter out;
  out.raw(kMagic);
  out.u32(kVersion);
  out.u64(snapshot.term);
  out.u64(snapshot.index);
  out.u64(snapshot.state.size());
  out.u64(base::hash64(snapshot.state));
  const uint64_t sum = base::hash64(out.bytes());
  out.u64(sum);
  BOOKSTORE_CHECK(out.bytes().size() == kHeaderSize, out.bytes().size());
  return out.take();
}

absl::Status remove_if_there(Disk& disk, const std::string& name) {
  const absl::Status removed = disk.remove(name);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

}  // namespace

std::string snapshot_name(uint64_t index) {
  char name[40];
  std::snprintf(name, sizeof(name), "snapshot-%016llx.bin", static_cast<unsigned long long>(index));
  return name;
}

std::optional<uint64_t> snapshot_index(std::string_view name) {
  unsigned long long index = 0;
  if (std::sscanf(std::string(name).c_str(), "snapshot-%16llx.bin", &index) != 1) {
    return std::nullopt;
  }
  if (snapshot_name(index) != name) return std::nullopt;
  return index;
}

absl::StatusOr<SnapshotStore::Loaded> SnapshotStore::load() {
  Loaded loaded;
  BOOKSTORE_ASSIGN_OR_RETURN(loaded.indexes, indexes());
  while (!loaded.indexes.empty()) {
    BOOKSTORE_ASSIGN_OR_RETURN(loaded.newest, read(loaded.indexes.back()));
    if (loaded.newest) break;
    loaded.damaged.push_back(snapshot_name(loaded.indexes.back()));
    loaded.indexes.pop_back();
  }
  return loaded;
}

absl::Status SnapshotStore::set_aside(const std::vector<std::string>& damaged) {
  if (damaged.empty()) return absl::OkStatus();
  for (const std::string& name : damaged) {
    BOOKSTORE_RETURN_IF_ERROR(disk_.rename(name, name + ".damaged"));
  }
  return disk_.sync_directory();
}

absl::Status SnapshotStore::save(const Snapshot& snapshot) {
  const std::string name = snapshot_name(snapshot.index);
  const std::string temporary = name + ".tmp";
  const absl::Status written = write(temporary, snapshot);
  if (!written.ok()) {
    // Best effort: a full disk should not stay full because of it. A start removes it, too.
    (void)disk_.remove(temporary);
    return written;
  }
  BOOKSTORE_RETURN_IF_ERROR(disk_.rename(temporary, name));
  return disk_.sync_directory();
}

absl::Status SnapshotStore::write(const std::string& name, const Snapshot& snapshot) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto file, disk_.create(name));
  BOOKSTORE_RETURN_IF_ERROR(file->write(0, encode_header(snapshot)));
  const std::string_view state = snapshot.state;
  for (size_t at = 0; at < state.size(); at += kPieceSize) {
    BOOKSTORE_RETURN_IF_ERROR(file->write(kHeaderSize + at, state.substr(at, kPieceSize)));
    BOOKSTORE_RETURN_IF_ERROR(file->sync());
  }
  return absl::OkStatus();
}

absl::Status SnapshotStore::prune(const std::vector<std::string>& segments) {
  BOOKSTORE_ASSIGN_OR_RETURN(const std::vector<uint64_t> all, indexes());
  for (size_t i = 0; i + kKept < all.size(); ++i) {
    BOOKSTORE_RETURN_IF_ERROR(remove_if_there(disk_, snapshot_name(all[i])));
  }
  for (const std::string& segment : segments) {
    BOOKSTORE_RETURN_IF_ERROR(remove_if_there(disk_, segment));
  }
  return disk_.sync_directory();
}

absl::StatusOr<std::vector<uint64_t>> SnapshotStore::indexes() {
  BOOKSTORE_ASSIGN_OR_RETURN(const std::vector<std::string> names, disk_.list());
  std::vector<uint64_t> indexes;
  for (const std::string& name : names) {
    if (const auto index = snapshot_index(name)) indexes.push_back(*index);
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

absl::StatusOr<std::optional<Snapshot>> SnapshotStore::read(uint64_t index) {
  const std::string name = snapshot_name(index);
  BOOKSTORE_ASSIGN_OR_RETURN(auto file, disk_.open(name));
  BOOKSTORE_ASSIGN_OR_RETURN(const uint64_t file_size, file->size());
  BOOKSTORE_ASSIGN_OR_RETURN(std::string bytes, file->read(0, file_size));
  base::ByteReader in(bytes);
  if (in.raw(kMagic.size()) != kMagic) return std::nullopt;
  const uint32_t version = in.u32();
  Snapshot snapshot;
  snapshot.term = in.u64();
  snapshot.index = in.u64();
  const uint64_t size = in.u64();
  const uint64_t state_sum = in.u64();
  const uint64_t header_sum = in.u64();
  if (!in.ok() || header_sum != base::hash64(std::string_view(bytes).substr(0, kHeaderSize - 8))) {
    return std::nullopt;
  }
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the snapshot ", name, " has version ", version,
                     ", which this executor cannot read: start the newer one that made it"));
  }
  bytes.erase(0, kHeaderSize);
  if (snapshot.index != index || bytes.size() != size || base::hash64(bytes) != state_sum) {
    return std::nullopt;
  }
  snapshot.state = std::move(bytes);
  return snapshot;
}

}  // namespace bookstore::order_executor
