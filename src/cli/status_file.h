#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

// STATE/status.json: what the supervisor knows of its services, written at every change.
struct PlatformStatus {
  pid_t supervisor = -1;
  std::vector<ServiceView> services;
};

absl::Status write_status_file(const std::filesystem::path& path, const PlatformStatus& status);
absl::StatusOr<PlatformStatus> read_status_file(const std::filesystem::path& path);

}  // namespace bookstore::cli
