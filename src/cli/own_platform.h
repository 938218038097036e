#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "cli/endpoints.h"
#include "cli/state_dir.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

// A platform in a folder of its own, started and stopped through the command line as a person
// would, so that every process of it, the supervisor too, may be killed from here. One thread.
class OwnPlatform {
 public:
  struct Config {
    std::filesystem::path model;
    bool own_model = false;
    int orchestrators = 2;
  };
  // Makes the folder and chooses ports; starts nothing.
  static absl::StatusOr<std::unique_ptr<OwnPlatform>> make(Config config, const base::Clock& clock,
                                                           base::Random& random);
  // Stops it. The folder stays unless remove() was called.
  ~OwnPlatform();
  OwnPlatform(const OwnPlatform&) = delete;
  OwnPlatform& operator=(const OwnPlatform&) = delete;

  // `up --detach`: returns when it is ready, or with what it said.
  absl::Status up();
  absl::Status down();
  // The folder with all that is in it; after down().
  void remove();

  const StateDir& state() const { return state_; }
  absl::StatusOr<Endpoints> endpoints() const { return running_endpoints(state_); }
  // Every process by its name in `status`; the supervisor is "supervisor".
  std::vector<std::string> processes() const;
  // -1: it does not run.
  pid_t pid_of(const std::string& process) const;

  // kill -9; returns when the process is gone.
  absl::Status kill_now(const std::string& process);
  // Until a process that was killed is there again and can work (the supervisor: by `up`).
  absl::Status wait_ready(const std::string& process, base::Deadline deadline);
  // Until every orchestrator says that it can take orders.
  absl::Status wait_doors(base::Deadline deadline);

 private:
  OwnPlatform(Config config, const std::filesystem::path& folder, uint16_t http_port,
              const base::Clock& clock);
  absl::Status run(std::vector<std::string> arguments) const;
  bool ready(const std::string& process) const;
  absl::Status wait_until(const std::string& what, const std::function<bool()>& done,
                          base::Deadline deadline) const;

  const Config config_;
  const StateDir state_;
  const uint16_t http_port_;
  const base::Clock& clock_;
  std::map<std::string, pid_t> killed_;  // the last pid of each that was
};

}  // namespace bookstore::cli
