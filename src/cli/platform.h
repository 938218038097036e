#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/random.h"
#include "cli/console.h"
#include "cli/endpoints.h"
#include "cli/log_book.h"
#include "cli/private_postgres.h"
#include "cli/services.h"
#include "cli/signals.h"
#include "cli/state_dir.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

struct PlatformOptions {
  std::filesystem::path state = "var";
  uint16_t http_port = 8080;
  int orchestrators = 1;        // at http_port and those that follow
  std::string database;         // empty: a private one
  std::filesystem::path model;  // a sentence-transformers folder
  bool own_model = false;       // the user's, not the pinned one
  bool default_state = true;    // the first platform of a machine takes the default ports
};

// Everything that `up` runs. start() once, then stop(); one thread.
class Platform {
 public:
  Platform(PlatformOptions options, Console& console, StopSignal& stop);
  ~Platform();

  // From nothing to ready, saying each step. CANCELLED when the user stops it on the way; else one
  // sentence about what is wrong. What has started by then, stop() ends.
  absl::Status start();
  // Prints where everything is.
  void introduce();
  // The services' log goes to the terminal.
  void show_logs();
  // In the reverse order of the start.
  void stop();

 private:
  absl::Status claim_state();
  absl::Status check_http_ports() const;
  absl::Status choose_endpoints();
  absl::Status start_database();
  absl::Status migrate();
  absl::Status load_catalogue();
  absl::Status start_services();
  absl::Status wait_until_ready(const ServiceName& service);
  absl::Status wait_for_vectors();
  void write_status(const std::vector<ServiceView>& services) const;

  const PlatformOptions options_;
  const StateDir state_;
  Console& console_;
  StopSignal& stop_;
  const base::SystemClock clock_;
  base::SystemRandom random_;
  const base::SteadyMs started_ms_;
  std::optional<StateLock> lock_;
  Endpoints endpoints_;
  std::optional<PrivatePostgres> postgres_;
  std::unique_ptr<LogBook> logs_;
  std::unique_ptr<Supervisor> supervisor_;
  std::vector<std::vector<std::string>> started_;  // groups, in their order
};

}  // namespace bookstore::cli
