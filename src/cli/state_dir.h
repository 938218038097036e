#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/fd.h"

namespace bookstore::cli {

// The folder in which one platform keeps everything: database, order log, logs, key, endpoints.
class StateDir {
 public:
  explicit StateDir(const std::filesystem::path& path);

  // Makes the folders. One clear sentence when that is not allowed or the disk is full.
  absl::Status create() const;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path logs() const { return path_ / "logs"; }
  std::filesystem::path endpoints() const { return path_ / "endpoints.json"; }
  std::filesystem::path status() const { return path_ / "status.json"; }
  std::filesystem::path key_file() const { return path_ / "platform.key"; }
  std::filesystem::path admin_token_file() const { return path_ / "admin.token"; }
  std::filesystem::path lock() const { return path_ / "lock"; }
  // Short and the same for one path: names what cannot lie in the folder itself.
  std::string short_name() const;

 private:
  std::filesystem::path path_;
};

// Held by the running supervisor of a state folder; the kernel lets go of it when it dies.
class StateLock {
 public:
  // ALREADY_EXISTS names the process that holds it.
  static absl::StatusOr<StateLock> take(const StateDir& state);

 private:
  explicit StateLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

// The process that runs the platform of this folder; empty when none does.
std::optional<pid_t> running_supervisor(const StateDir& state);

// Replaces the file in one step: a reader sees the old text or the new one.
absl::Status write_file(const std::filesystem::path& path, const std::string& text,
                        mode_t mode = 0644);
absl::StatusOr<std::string> read_file(const std::filesystem::path& path);

// For the platform's key and the operators' token: 32 random bytes in hex, made at the first call,
// readable by us alone. Refuses a file that others may read.
absl::Status provide_key_file(const std::filesystem::path& path);

}  // namespace bookstore::cli
