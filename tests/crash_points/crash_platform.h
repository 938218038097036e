#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cases.h"
#include "test_platform.h"

namespace bookstore::crash_points {

// A platform whose processes die where the armed case says. Without suggestions and without fraud
// detection: neither writes anything of an order, and without a score an order is judged by its
// amount alone, the same each time. One thread.
class CrashPlatform {
 public:
  CrashPlatform();
  ~CrashPlatform();

  absl::Status start();
  integration::TestPlatform& processes() { return *processes_; }
  // What an operator shows.
  const std::string& admin_token() const { return admin_token_; }

  void arm(const Case& one);
  void disarm();
  // How many of the armed plan's points have fired.
  size_t fired() const;

  // How often each service has ended so far, all together.
  int ends() const;
  // Until every service is ready and the executor keeps no order any more: all of them are
  // projected and retired.
  absl::Status wait_quiet(base::DurationMs within_ms);
  // Until no card is left of an order that ended.
  absl::Status wait_vault_swept(base::DurationMs within_ms);
  // Until the orchestrator knows that it cannot work.
  absl::Status wait_unready(base::DurationMs within_ms);

 private:
  void remove_markers();
  absl::StatusOr<int64_t> unretired();

  const std::filesystem::path folder_;
  const std::string admin_token_;
  std::unique_ptr<integration::TestPlatform> processes_;
};

// The services of such a platform.
const std::vector<std::string>& services();

}  // namespace bookstore::crash_points
