#include "order_executor/simulated_disk.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

// Small, so that one record spans several sectors and tears in many ways.
constexpr size_t kSectorSize = 64;

}  // namespace

class SimulatedFile final : public DiskFile {
 public:
  SimulatedFile(SimulatedDisk& disk, std::shared_ptr<SimulatedDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  absl::Status write(uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.full_) return absl::ResourceExhaustedError("no space left on the simulated disk");
    return disk_.change(*inode_, {SimulatedDisk::Change::Kind::kWrite, offset, std::string(bytes)});
  }
  absl::Status sync() override {
    const std::lock_guard lock(disk_.mutex_);
    return disk_.sync(*inode_);
  }
  absl::StatusOr<std::string> read(uint64_t offset, uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.died_) return absl::UnavailableError("the simulated process is dead");
    if (offset >= inode_->cache.size()) return std::string();
    return inode_->cache.substr(offset, size);
  }
  absl::StatusOr<uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return inode_->cache.size();
  }
  absl::Status truncate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    return disk_.change(*inode_, {SimulatedDisk::Change::Kind::kTruncate, size, ""});
  }
  absl::Status preallocate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.full_) return absl::ResourceExhaustedError("no space left on the simulated disk");
    return disk_.change(*inode_, {SimulatedDisk::Change::Kind::kExtend, size, ""});
  }

 private:
  SimulatedDisk& disk_;
  const std::shared_ptr<SimulatedDisk::Inode> inode_;
};

absl::StatusOr<std::vector<std::string>> SimulatedDisk::list() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, inode] : cached_names_) names.push_back(name);
  return names;
}

absl::StatusOr<std::unique_ptr<DiskFile>> SimulatedDisk::create(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Names names = cached_names_;
  auto inode = std::make_shared<Inode>();
  names[name] = inode;
  BOOKSTORE_RETURN_IF_ERROR(change_names(std::move(names)));
  return std::unique_ptr<DiskFile>(new SimulatedFile(*this, std::move(inode)));
}

absl::StatusOr<std::unique_ptr<DiskFile>> SimulatedDisk::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (died_) return absl::UnavailableError("the simulated process is dead");
  const auto found = cached_names_.find(name);
  if (found == cached_names_.end()) return absl::NotFoundError(name);
  return std::unique_ptr<DiskFile>(new SimulatedFile(*this, found->second));
}

absl::Status SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  Names names = cached_names_;
  auto moved = names.extract(from);
  if (moved.empty()) return absl::NotFoundError(from);
  names[to] = moved.mapped();
  return change_names(std::move(names));
}

absl::Status SimulatedDisk::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Names names = cached_names_;
  if (names.erase(name) == 0) return absl::NotFoundError(name);
  return change_names(std::move(names));
}

absl::Status SimulatedDisk::sync_directory() {
  const std::lock_guard lock(mutex_);
  BOOKSTORE_RETURN_IF_ERROR(begin_operation());
  if (died_) return absl::UnavailableError("the simulated process died in a directory sync");
  name_history_ = {cached_names_};
  return absl::OkStatus();
}

void SimulatedDisk::power_loss() {
  const std::lock_guard lock(mutex_);
  cached_names_ = name_history_[random_.below(name_history_.size())];
  name_history_ = {cached_names_};
  for (auto& [name, inode] : cached_names_) {
    apply_some(*inode, inode->platter);
    inode->cache = inode->platter;
    inode->unsynced.clear();
  }
  die_at_.reset();
  died_ = false;
  fail_sync_ = false;
}

void SimulatedDisk::flip(const std::string& name, uint64_t offset) {
  const std::lock_guard lock(mutex_);
  Inode& inode = *cached_names_.at(name);
  BOOKSTORE_CHECK(inode.unsynced.empty() && offset < inode.platter.size(), name, " at ", offset);
  inode.platter[offset] = static_cast<char>(inode.platter[offset] ^ 0x40);
  inode.cache = inode.platter;
}

std::string SimulatedDisk::contents(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return cached_names_.at(name)->cache;
}

absl::Status SimulatedDisk::begin_operation() {
  if (died_) return absl::UnavailableError("the simulated process is dead");
  died_ = die_at_ && operations_ == *die_at_;
  ++operations_;
  return absl::OkStatus();
}

absl::Status SimulatedDisk::change(Inode& inode, Change change) {
  BOOKSTORE_RETURN_IF_ERROR(begin_operation());
  apply(change, inode.cache);
  inode.unsynced.push_back(std::move(change));
  if (died_) return absl::UnavailableError("the simulated process died in a write");
  return absl::OkStatus();
}

absl::Status SimulatedDisk::sync(Inode& inode) {
  BOOKSTORE_RETURN_IF_ERROR(begin_operation());
  if (died_) return absl::UnavailableError("the simulated process died in a sync");
  if (fail_sync_) {
    fail_sync_ = false;
    apply_some(inode, inode.platter);
    inode.unsynced.clear();
    return absl::DataLossError("input/output error of the simulated disk");
  }
  inode.platter = inode.cache;
  inode.unsynced.clear();
  return absl::OkStatus();
}

absl::Status SimulatedDisk::change_names(Names names) {
  BOOKSTORE_RETURN_IF_ERROR(begin_operation());
  cached_names_ = names;
  name_history_.push_back(std::move(names));
  if (died_) return absl::UnavailableError("the simulated process died in a directory change");
  return absl::OkStatus();
}

void SimulatedDisk::apply(const Change& change, std::string& contents) {
  switch (change.kind) {
    case Change::Kind::kWrite:
      contents.resize(std::max<size_t>(contents.size(), change.offset + change.bytes.size()));
      contents.replace(change.offset, change.bytes.size(), change.bytes);
      return;
    case Change::Kind::kTruncate:
      contents.resize(change.offset);
      return;
    case Change::Kind::kExtend:
      contents.resize(std::max<size_t>(contents.size(), change.offset));
      return;
  }
}

// Four kinds of loss, because uniform loss alone would nearly never show the extreme ones.
void SimulatedDisk::apply_some(const Inode& inode, std::string& platter) {
  enum : uint64_t { kNothing, kEverything, kPrefix, kAnySectors };
  const uint64_t loss = random_.below(4);
  for (const Change& change : inode.unsynced) {
    if (loss == kNothing) return;
    if (loss == kEverything || change.kind != Change::Kind::kWrite) {
      // Sizes change as one.
      if (loss == kEverything || random_.below(2) == 0) apply(change, platter);
      continue;
    }
    if (loss == kPrefix) {
      const size_t kept = random_.below(change.bytes.size() + 1);
      apply({change.kind, change.offset, change.bytes.substr(0, kept)}, platter);
      if (kept < change.bytes.size()) return;
      continue;
    }
    for (size_t at = 0; at < change.bytes.size(); at += kSectorSize) {
      if (random_.below(2) == 0) continue;
      const std::string sector = change.bytes.substr(at, kSectorSize);
      const size_t kept = random_.below(8) == 0 ? random_.below(sector.size() + 1) : sector.size();
      if (kept > 0) apply({change.kind, change.offset + at, sector.substr(0, kept)}, platter);
    }
  }
}

}  // namespace bookstore::order_executor
