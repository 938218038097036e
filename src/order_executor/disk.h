#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bookstore::order_executor {

// An open file. What was written survives a crash only after sync(); a sync that failed says
// nothing about what survived.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // All of it or an error; the file grows as needed.
  virtual absl::Status write(uint64_t offset, std::string_view bytes) = 0;
  // Contents and size.
  virtual absl::Status sync() = 0;
  // Fewer bytes only at the end of the file.
  virtual absl::StatusOr<std::string> read(uint64_t offset, uint64_t size) = 0;
  virtual absl::StatusOr<uint64_t> size() = 0;
  virtual absl::Status truncate(uint64_t size) = 0;
  // Reserves space up to `size`; what was never written reads as zeros.
  virtual absl::Status preallocate(uint64_t size) = 0;
};

// One directory. A name that was created, renamed or removed survives a crash only after
// sync_directory(). Implementations: posix_disk.h and simulated_disk.h. Any thread; a file and a
// name one thread at a time.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual absl::StatusOr<std::vector<std::string>> list() = 0;
  // Empties a file that is there already.
  virtual absl::StatusOr<std::unique_ptr<DiskFile>> create(const std::string& name) = 0;
  virtual absl::StatusOr<std::unique_ptr<DiskFile>> open(const std::string& name) = 0;
  // Replaces a file named `to`.
  virtual absl::Status rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status remove(const std::string& name) = 0;
  virtual absl::Status sync_directory() = 0;
};

}  // namespace bookstore::order_executor
