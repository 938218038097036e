#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "cli/endpoints.h"
#include "cli/log_book.h"
#include "cli/services.h"
#include "cli/shop.h"
#include "cli/state_dir.h"
#include "cli/supervisor.h"
#include "postgres/test_database.h"

namespace bookstore::integration {

// The books of every test platform: id, price in cents, stock.
struct TestBook {
  const char* id;
  int price_minor;
  int stock;
};
inline constexpr TestBook kPlenty{"it_plenty", 1'000, 1'000'000};
inline constexpr TestBook kAlsoPlenty{"it_also_plenty", 2'599, 1'000'000};
inline constexpr TestBook kFew{"it_few", 1'499, 3};
inline constexpr TestBook kFifty{"it_fifty", 1'299, 50};
inline constexpr TestBook kSoldOut{"it_sold_out", 1'000, 0};

// The real processes of one platform, each as `./bookstore up` starts it, under the real
// supervisor, on free ports and a database of their own. One thread.
class TestPlatform {
 public:
  // Why no platform can be run here (no database, or the binaries are not built); empty: it can.
  static std::string reason_to_skip();

  struct Settings {
    int orchestrators = 1;
    std::set<std::string> without;                              // services that are not started
    std::vector<std::string> environment;                       // NAME=value, of every service
    std::map<std::string, std::vector<std::string>> arguments;  // more, by service
    base::DurationMs restart_delay_max_ms = cli::kRestartDelayMaxMs;
  };

  explicit TestPlatform(int orchestrators = 1)
      : TestPlatform(Settings{.orchestrators = orchestrators}) {}
  explicit TestPlatform(Settings settings);
  // Stops the processes and removes what they left.
  ~TestPlatform();

  // From nothing to ready.
  absl::Status start();

  const cli::Endpoints& endpoints() const { return endpoints_; }
  const base::Clock& clock() const { return clock_; }
  base::Random& random() { return random_; }
  postgres::Pool& pool() { return database_.pool(); }
  // False without the model: suggestions are then degraded, as they would be were they down.
  bool has_suggestions() const { return has_suggestions_; }

  // kill -9, and waits until the process is gone. The supervisor starts it again after a moment.
  absl::Status kill_service(const std::string& service);
  // From its next end on, until let_up(), the service is not started again.
  void keep_down(const std::string& service);
  void let_up(const std::string& service);
  // As the supervisor sees it.
  cli::ServiceView view(const std::string& service) const { return supervisor_->service(service); }
  // Until the service runs and says ready.
  absl::Status wait_ready(const std::string& service, base::DurationMs within_ms = 30'000);
  // What every process printed so far, for searching it.
  std::string everything_printed() const;
  // "payment: killed by signal 11", one line for each service that ended without being asked to.
  std::string unexpected_ends() const;
  // Stops the processes; what they printed can still be read.
  void stop();

 private:
  absl::Status load_catalogue();
  absl::Status start_services();
  bool wanted(const cli::ServiceName& service) const;
  cli::ServiceName find(const std::string& service) const;

  bool may_start(const std::string& service) const;

  const Settings settings_;
  const base::SystemClock clock_;
  base::SystemRandom random_;
  mutable std::mutex down_mutex_;  // guards down_, which the supervisor's thread reads
  std::set<std::string> down_;
  postgres::TestDatabase database_;
  std::unique_ptr<cli::StateDir> state_;
  std::filesystem::path model_;
  bool has_suggestions_ = false;
  cli::Endpoints endpoints_;
  std::unique_ptr<cli::LogBook> logs_;
  std::unique_ptr<cli::Supervisor> supervisor_;
  std::vector<std::vector<std::string>> started_;  // groups, in their order
};

}  // namespace bookstore::integration
