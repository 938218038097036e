#include "cli/with_database.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "cli/private_postgres.h"
#include "cli/signals.h"
#include "cli/supervisor.h"
#include "cli/wait.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kStartMs = 30'000;

// Removed with everything in it.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> make() {
    std::string path = "/tmp/bookstore-test-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return absl::UnavailableError("cannot make " + path);
    chmod(path.c_str(), 0755);  // the server's user must get through
    return TemporaryFolder(path);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

absl::StatusOr<int> run_program(const std::vector<std::string>& command, const std::string& url) {
  ChildSpec spec{.argv = {"/usr/bin/env"},
                 .environment = {"BOOKSTORE_TEST_DATABASE=" + url},
                 .inherit_output = true};
  spec.argv.insert(spec.argv.end(), command.begin(), command.end());
  BOOKSTORE_ASSIGN_OR_RETURN(const Finished finished, run_to_end(spec));
  return WIFEXITED(finished.wait_status) ? WEXITSTATUS(finished.wait_status) : 1;
}

absl::StatusOr<int> run_with_database(const std::vector<std::string>& command) {
  StopSignal stop;
  BOOKSTORE_ASSIGN_OR_RETURN(const TemporaryFolder folder, TemporaryFolder::make());
  const StateDir state(folder.path());
  BOOKSTORE_RETURN_IF_ERROR(state.create());
  BOOKSTORE_ASSIGN_OR_RETURN(const PrivatePostgres database,
                             PrivatePostgres::prepare(state, {.durable = false}));
  const base::SystemClock clock;
  base::SystemRandom random;
  LogBook logs(state.logs());
  Supervisor supervisor(logs, clock, random);
  supervisor.start(database.service(clock));
  const absl::Status ready = wait_for_postgres(database, supervisor, logs, stop, clock,
                                               base::Deadline::after(clock, kStartMs));
  const absl::StatusOr<int> result =
      ready.ok() ? run_program(command, database.url("postgres", "postgres"))
                 : absl::StatusOr<int>(ready);
  supervisor.stop({"postgres"});
  database.remove_socket_folder();
  return result;
}

}  // namespace

int with_database(const std::vector<std::string>& command) {
  const absl::StatusOr<int> exit_code = run_with_database(command);
  if (exit_code.ok()) return *exit_code;
  std::fprintf(stderr, "bookstore: %s\n", base::str(exit_code.status().message()).c_str());
  return 1;
}

}  // namespace bookstore::cli
