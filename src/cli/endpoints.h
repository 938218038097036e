#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cli/state_dir.h"

namespace bookstore::cli {

// Where one platform's parts are reached: STATE/endpoints.json, for programs and for our commands.
struct Endpoints {
  uint16_t http_port = 0;  // of the first orchestrator; the others have the ports that follow
  int orchestrators = 1;
  std::string database;  // libpq URL
  std::string key_file;
  std::string admin_token_file;          // for operators: bookstorectl finds it here
  std::map<std::string, uint16_t> grpc;  // service → port; its metrics port is 1000 above

  // "127.0.0.1:7101"; CHECKs that the service is known.
  std::string grpc_address(const std::string& service) const;
  std::string metrics_address(const std::string& service) const;
  // Of an orchestrator, from 1.
  uint16_t http_port_of(int instance) const;
  std::string http_address(int instance) const;
  std::string http_url(int instance = 1) const;

  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

// The file may hold a password of an outside database: for its owner alone.
absl::Status write_endpoints(const std::filesystem::path& path, const Endpoints& endpoints);
absl::StatusOr<Endpoints> read_endpoints(const std::filesystem::path& path);
// The endpoints of the platform that runs in this folder; one sentence when none does.
absl::StatusOr<Endpoints> running_endpoints(const StateDir& state);

}  // namespace bookstore::cli
