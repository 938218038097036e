#pragma once

#include <filesystem>
#include <string>

#include "cli/platform.h"

// One function a command of ./bookstore; each gives the exit code.
namespace bookstore::cli {

int up(const PlatformOptions& options, bool detach);
int down(const std::filesystem::path& state);
int status(const std::filesystem::path& state, bool as_json);

struct LogsOptions {
  std::filesystem::path state;
  std::string service;  // empty: all
  bool follow = false;
  int lines = 200;
};
int logs(const LogsOptions& options);

// `database` empty: the running platform's.
int import_file(const std::filesystem::path& state, const std::string& database,
                const std::filesystem::path& file);

struct AuditOptions {
  std::filesystem::path state;
  std::string database;  // empty: the running platform's
  int wait_s = 0;        // for orders under way to end
  bool as_json = false;
};
// 0: every invariant holds; 2: one does not; 1: nobody could look.
int audit_command(const AuditOptions& options);

}  // namespace bookstore::cli
