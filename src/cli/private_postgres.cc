#include "cli/private_postgres.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/status.h"
#include "cli/processes.h"
#include "postgres/connection.h"

namespace bookstore::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kRole[] = "bookstore";
constexpr char kDatabase[] = "bookstore";
constexpr char kVectorWanted[] = "0.8.6";
// Backends notice within moments that their postmaster is gone; one that is deep in a long query
// after this time is killed, which is safe once no postmaster is left.
constexpr base::DurationMs kOrphanGraceMs = 10'000;

constexpr postgres::Statement kRoleExists{"SELECT 1 FROM pg_roles WHERE rolname = $1"};
constexpr postgres::Statement kDatabaseExists{"SELECT 1 FROM pg_database WHERE datname = $1"};
constexpr postgres::Statement kVectorVersion{
    "SELECT extversion FROM pg_extension WHERE extname = 'vector'"};
constexpr postgres::Statement kVectorAvailable{
    "SELECT default_version AS version FROM pg_available_extensions WHERE name = 'vector'"};

std::string socket_root() {
  return geteuid() == 0 ? "/run" : "/tmp";
}

// True once nothing of an earlier server is left; also clears its pid file, whose number may
// belong to somebody else by now.
std::function<bool()> wait_for_orphans(fs::path data, const base::Clock& clock) {
  const auto since_ms = std::make_shared<base::SteadyMs>(0);
  return [data = std::move(data), &clock, since_ms] {
    const std::vector<pid_t> orphans = processes_in(data);
    if (orphans.empty()) {
      *since_ms = 0;
      std::error_code ignored;
      fs::remove(data / "postmaster.pid", ignored);
      return true;
    }
    if (*since_ms == 0) *since_ms = clock.steady_ms();
    if (clock.steady_ms() - *since_ms > kOrphanGraceMs)
      for (pid_t pid : orphans) kill(pid, SIGKILL);
    return false;
  };
}

absl::Status own_folder(const fs::path& path, const std::optional<User>& user) {
  const uid_t owner = user.has_value() ? user->uid : geteuid();
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return absl::PermissionDeniedError("cannot make " + path.string() + ": " +
                                       std::strerror(errno));
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return absl::FailedPreconditionError(path.string() + " is not a folder");
  if (user.has_value() && status.st_uid == geteuid() &&
      lchown(path.c_str(), user->uid, user->gid) == 0)
    status.st_uid = owner;
  if (status.st_uid != owner || (status.st_mode & 077) != 0)
    return absl::PermissionDeniedError(path.string() +
                                       " belongs to somebody else or is open to others; remove it");
  return absl::OkStatus();
}

bool reachable_by(const User& user, const fs::path& folder) {
  const auto finished = run_to_end(
      {.argv = {"/usr/bin/test", "-x", folder.string()}, .user = user, .directory = "/"});
  return finished.ok() && finished->ok();
}

std::string last_lines(const std::string& output) {
  std::string text = output.substr(output.size() - std::min<size_t>(output.size(), 600));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

absl::Status judge_vector(const std::string& version) {
  const char* accepted = std::getenv("BOOKSTORE_ACCEPT_PGVECTOR");
  const std::string floor = accepted != nullptr && *accepted != '\0' ? accepted : kVectorWanted;
  if (!older_version(version, floor)) return absl::OkStatus();
  return absl::FailedPreconditionError("pgvector " + version + " is too old, " + kVectorWanted +
                                       " or later is needed; to go on all the same: "
                                       "--accept-pgvector " +
                                       version);
}

}  // namespace

bool older_version(std::string_view a, std::string_view b) {
  const auto numbers = [](std::string_view text) {
    std::vector<int> parts;
    for (const char* at = text.data(); at < text.data() + text.size();) {
      int number = 0;
      const auto end = std::from_chars(at, text.data() + text.size(), number).ptr;
      parts.push_back(number);
      at = end + 1;
    }
    return parts;
  };
  return numbers(a) < numbers(b);
}

absl::StatusOr<fs::path> find_postgres() {
  if (const char* named = std::getenv("BOOKSTORE_POSTGRES_BIN"); named != nullptr)
    return fs::path(named);
  std::error_code error;
  std::vector<std::pair<int, fs::path>> found;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    if (fs::exists(entry.path() / "bin" / "postgres"))
      found.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
  }
  if (found.empty())
    return absl::NotFoundError("PostgreSQL is not installed; './bookstore up' installs it");
  return std::max_element(found.begin(), found.end())->second;
}

absl::StatusOr<PrivatePostgres> PrivatePostgres::prepare(const StateDir& state,
                                                         const PrivatePostgresOptions& options) {
  PrivatePostgres database;
  database.options_ = options;
  BOOKSTORE_ASSIGN_OR_RETURN(database.bin_, find_postgres());
  if (geteuid() == 0) {
    BOOKSTORE_ASSIGN_OR_RETURN(database.user_, find_user("postgres"));
  }
  BOOKSTORE_RETURN_IF_ERROR(database.choose_data_folder(state));
  database.socket_ = fs::path(socket_root()) / ("bookstore-" + state.short_name());
  BOOKSTORE_RETURN_IF_ERROR(own_folder(database.socket_, database.user_));
  if (!fs::exists(database.data_ / "PG_VERSION")) {
    BOOKSTORE_RETURN_IF_ERROR(database.init_cluster());
  }
  BOOKSTORE_RETURN_IF_ERROR(database.write_access_rules(database.data_));
  return database;
}

absl::Status PrivatePostgres::choose_data_folder(const StateDir& state) {
  const fs::path link = state.path() / "postgres";
  fs::path home = link;
  if (user_.has_value() && !reachable_by(*user_, state.path())) {
    home = fs::path("/var/lib/bookstore") / state.short_name();
    std::error_code error;
    fs::create_directories(home.parent_path(), error);
    if (!fs::is_symlink(link)) fs::create_directory_symlink(home, link, error);
    if (error)
      return absl::PermissionDeniedError("cannot link " + link.string() + " to " + home.string());
    remark_ = "the database lies in " + home.string() +
              ", because the user postgres cannot reach " + state.path().string();
  }
  BOOKSTORE_RETURN_IF_ERROR(own_folder(home, user_));
  data_ = home / "data";
  return absl::OkStatus();
}

ChildSpec PrivatePostgres::program(const std::string& name,
                                   std::vector<std::string> arguments) const {
  ChildSpec spec{.argv = {(bin_ / name).string()}, .user = user_, .directory = "/"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  // libpq's and the server's own variables could send it elsewhere.
  for (const char* variable : {"PGDATA", "PGHOST", "PGPORT", "PGOPTIONS", "PGUSER", "PGDATABASE"})
    if (std::getenv(variable) != nullptr) unsetenv(variable);
  return spec;
}

// Into a folder of another name first: an initdb that was cut short leaves no half a cluster.
absl::Status PrivatePostgres::init_cluster() const {
  const fs::path part = data_.parent_path() / "data.part";
  std::error_code ignored;
  fs::remove_all(part, ignored);
  std::vector<std::string> arguments = {"-D",
                                        part.string(),
                                        "-U",
                                        "postgres",
                                        "--auth-local=peer",
                                        "--auth-host=reject",
                                        "-E",
                                        "UTF8",
                                        "--locale=C.UTF-8",
                                        "--data-checksums",
                                        "--no-instructions"};
  if (!options_.durable) arguments.push_back("--no-sync");
  BOOKSTORE_ASSIGN_OR_RETURN(const Finished finished, run_to_end(program("initdb", arguments)));
  if (!finished.ok())
    return absl::UnavailableError("PostgreSQL's initdb failed: " + last_lines(finished.output));
  fs::rename(part, data_, ignored);
  if (ignored) return absl::UnavailableError("cannot rename " + part.string());
  return absl::OkStatus();
}

// The socket is the only door, and the kernel says who knocks: the user that runs the platform.
absl::Status PrivatePostgres::write_access_rules(const fs::path& cluster) const {
  std::string people = current_user().name;
  BOOKSTORE_RETURN_IF_ERROR(
      write_file(cluster / "pg_hba.conf", "local all all peer map=platform\n"));
  BOOKSTORE_RETURN_IF_ERROR(
      write_file(cluster / "pg_ident.conf", "platform " + people + " postgres\nplatform " + people +
                                                " " + kRole + "\nplatform postgres postgres\n"));
  if (!user_.has_value()) return absl::OkStatus();
  for (const char* name : {"pg_hba.conf", "pg_ident.conf"})
    if (lchown((cluster / name).c_str(), user_->uid, user_->gid) != 0)
      return absl::PermissionDeniedError("cannot give " + (cluster / name).string() +
                                         " to postgres");
  return absl::OkStatus();
}

ServiceSpec PrivatePostgres::service(const base::Clock& clock) const {
  const std::string durable = options_.durable ? "on" : "off";
  ServiceSpec spec{.name = "postgres"};
  std::vector<std::string> arguments = {"-D", data_.string()};
  for (const std::string& setting : std::vector<std::string>{
           "listen_addresses=", "unix_socket_directories=" + socket_.string(),
           "unix_socket_permissions=0700", "fsync=" + durable, "full_page_writes=" + durable,
           "synchronous_commit=" + durable, "max_connections=200", "shared_buffers=48MB",
           "work_mem=4MB", "maintenance_work_mem=32MB", "max_wal_size=512MB", "jit=off",
           "max_parallel_workers_per_gather=0", "max_parallel_maintenance_workers=0",
           "log_checkpoints=off",
           // Details of an error quote the row, and a row may hold what no log may.
           "log_error_verbosity=terse", "log_line_prefix=%q%u: ", "cluster_name=bookstore"}) {
    arguments.push_back("-c");
    arguments.push_back(setting);
  }
  spec.child = program("postgres", arguments);
  // SIGINT is a fast shutdown: sessions are ended, everything is written.
  spec.child.death_signal = SIGINT;
  spec.stop_signal = SIGINT;
  spec.stop_grace_ms = 20'000;
  spec.last_signal = SIGQUIT;
  spec.may_start = wait_for_orphans(data_, clock);
  return spec;
}

// PostgreSQL writes its process and "ready" into this file for those who wait, as pg_ctl does.
bool PrivatePostgres::accepts(pid_t postmaster) const {
  const auto text = read_file(data_ / "postmaster.pid");
  return text.ok() && text->starts_with(std::to_string(postmaster) + "\n") &&
         text->find("\nready") != std::string::npos;
}

std::string PrivatePostgres::url(const std::string& role, const std::string& database) const {
  return "postgresql://" + role + "@/" + database + "?host=" + socket_.string();
}

absl::Status PrivatePostgres::provision(const base::Clock& clock, base::Deadline deadline) const {
  BOOKSTORE_ASSIGN_OR_RETURN(
      auto server, postgres::Connection::open(url("postgres", "postgres"), clock, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(const auto role, server->query(kRoleExists, {kRole}, deadline));
  if (role.empty()) {
    BOOKSTORE_RETURN_IF_ERROR(server->run("CREATE ROLE bookstore LOGIN", deadline));
  }
  BOOKSTORE_ASSIGN_OR_RETURN(const auto database,
                             server->query(kDatabaseExists, {kDatabase}, deadline));
  if (database.empty()) {
    BOOKSTORE_RETURN_IF_ERROR(server->run("CREATE DATABASE bookstore OWNER bookstore", deadline));
  }
  return provide_vector_extension(url("postgres", kDatabase), clock, deadline);
}

absl::Status provide_vector_extension(const std::string& conninfo, const base::Clock& clock,
                                      base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto server, postgres::Connection::open(conninfo, clock, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(const auto before, server->query(kVectorVersion, {}, deadline));
  if (before.empty()) {
    BOOKSTORE_RETURN_IF_ERROR(base::annotate(server->run("CREATE EXTENSION vector", deadline),
                                             "the database needs pgvector"));
  }
  BOOKSTORE_ASSIGN_OR_RETURN(const auto available, server->query(kVectorAvailable, {}, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(const auto version, server->query(kVectorVersion, {}, deadline));
  std::string have = version[0].text("extversion");
  // A newer library was installed since: the extension's own part follows it.
  if (!available.empty() && older_version(have, available[0].text("version"))) {
    BOOKSTORE_RETURN_IF_ERROR(server->run("ALTER EXTENSION vector UPDATE", deadline));
    have = available[0].text("version");
  }
  return judge_vector(have);
}

void PrivatePostgres::remove_socket_folder() const {
  std::error_code ignored;
  fs::remove_all(socket_, ignored);
}

}  // namespace bookstore::cli
