#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "cli/state_dir.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

struct PrivatePostgresOptions {
  // false only where the data is thrown away: a test run's database.
  bool durable = true;
};

// A PostgreSQL of a platform's own: socket only, never run as root. The data lies in the state
// folder; where its user cannot reach that (a clone in root's home), in a folder of its own under
// /var/lib/bookstore with a link to it in the state folder.
class PrivatePostgres {
 public:
  // Makes the database cluster if it is not there yet. Nothing runs afterwards.
  static absl::StatusOr<PrivatePostgres> prepare(const StateDir& state,
                                                 const PrivatePostgresOptions& options);

  ServiceSpec service(const base::Clock& clock) const;
  // The running postmaster takes connections.
  bool accepts(pid_t postmaster) const;
  // For libpq. Roles: `postgres` (may do everything) and `bookstore` (owns its own database).
  std::string url(const std::string& role, const std::string& database) const;
  // Makes the role, the database and the vector extension where they are missing.
  absl::Status provision(const base::Clock& clock, base::Deadline deadline) const;
  // Takes away what lies outside the state folder: the socket's folder.
  void remove_socket_folder() const;

  const std::filesystem::path& data() const { return data_; }
  // Not empty when the data could not lie in the state folder: one sentence for the user.
  const std::string& remark() const { return remark_; }

 private:
  absl::Status choose_data_folder(const StateDir& state);
  absl::Status init_cluster() const;
  absl::Status write_access_rules(const std::filesystem::path& cluster) const;
  ChildSpec program(const std::string& name, std::vector<std::string> arguments) const;

  PrivatePostgresOptions options_;
  std::filesystem::path bin_;  // of the server's programs
  std::optional<User> user_;   // set when we are root
  std::filesystem::path data_;
  std::filesystem::path socket_;  // folder
  std::string remark_;
};

// Makes the vector extension in this database, or updates it to the library that is installed.
// FAILED_PRECONDITION when it is too old and BOOKSTORE_ACCEPT_PGVECTOR does not say otherwise.
absl::Status provide_vector_extension(const std::string& conninfo, const base::Clock& clock,
                                      base::Deadline deadline);

// The newest server that is installed, or BOOKSTORE_POSTGRES_BIN.
absl::StatusOr<std::filesystem::path> find_postgres();

// "0.8.0" is older than "0.8.6": compares the numbers between the dots.
bool older_version(std::string_view a, std::string_view b);

}  // namespace bookstore::cli
