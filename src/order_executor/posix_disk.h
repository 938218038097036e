#pragma once

#include <memory>
#include <string>

#include "order_executor/disk.h"

namespace bookstore::order_executor {

// A directory of the file system. Holds a lock on it, so that two executors never share a log.
class PosixDisk final : public Disk {
 public:
  // Makes the directory (one level) with mode 0700 if it is missing. FailedPrecondition when
  // another process has it.
  static absl::StatusOr<std::unique_ptr<PosixDisk>> open_directory(const std::string& path);
  ~PosixDisk() override;
  PosixDisk(const PosixDisk&) = delete;
  PosixDisk& operator=(const PosixDisk&) = delete;

  absl::StatusOr<std::vector<std::string>> list() override;
  absl::StatusOr<std::unique_ptr<DiskFile>> create(const std::string& name) override;
  absl::StatusOr<std::unique_ptr<DiskFile>> open(const std::string& name) override;
  absl::Status rename(const std::string& from, const std::string& to) override;
  absl::Status remove(const std::string& name) override;
  absl::Status sync_directory() override;

 private:
  PosixDisk(std::string path, int directory, int lock)
      : path_(std::move(path)), directory_(directory), lock_(lock) {}
  absl::StatusOr<std::unique_ptr<DiskFile>> open_file(const std::string& name, int flags);

  const std::string path_;
  const int directory_;  // descriptor
  const int lock_;       // descriptor of the locked file
};

}  // namespace bookstore::order_executor
