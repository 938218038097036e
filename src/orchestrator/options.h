#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkout/runner.h"
#include "orchestrator/admin_token.h"
#include "orchestrator/dependencies.h"
#include "process/process.h"

namespace bookstore::orchestrator {

// What an operator may say to this process, with the house's starting numbers.
struct Options {
  std::string database;
  std::string key_file;
  std::string admin_token_file;  // empty: no admin routes
  std::vector<std::string> verification, fraud, suggestions, payment, executor;
  int64_t strands = 8;
  int64_t database_threads = 8;
  int64_t queue = 1'024;
  int64_t connections = 1'024;
  int64_t checkouts = 256;
  checkout::Runner::Config runner;

  void declare(process::Process& process);
  // After parse(): what no single option can be wrong about, and the times that follow from the
  // request's (its checks leave room for outcome and Submit; its lease outlives it).
  absl::Status settle();

  // Null without --admin-token-file.
  absl::StatusOr<std::shared_ptr<const AdminToken>> load_admin_token() const;

  // Which of the services /readyz asks for, and without which it says no.
  std::vector<Dependencies::Service> dependencies() const;
};

}  // namespace bookstore::orchestrator
