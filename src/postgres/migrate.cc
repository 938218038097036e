#include "postgres/migrate.h"

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "postgres/transaction.h"

namespace bookstore::postgres {
namespace {

// Any constant of our own: every migrating process takes this advisory lock.
constexpr int64_t kMigrationLock = 0x626f6f6b73746f72;

constexpr char kCreateTable[] = R"sql(
CREATE TABLE IF NOT EXISTS public.schema_migration (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  checksum   text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
))sql";

constexpr Statement kLock{"SELECT pg_advisory_lock($1)"};
constexpr Statement kUnlock{"SELECT pg_advisory_unlock($1)"};
constexpr Statement kApplied{
    "SELECT version, name, checksum FROM public.schema_migration ORDER BY version"};
constexpr Statement kRecord{
    "INSERT INTO public.schema_migration (version, name, checksum) VALUES ($1, $2, $3)"};

struct MigrationFile {
  std::string name;
  std::string sql;
  std::string checksum;
};
using Files = std::map<int, MigrationFile>;

std::string checksum_of(const std::string& sql) {
  return absl::StrFormat("xxh3:%016x", base::hash64(sql));
}

// The number in front of "0001_catalogue.sql"; 0 for any other name.
int version_of(const std::string& name) {
  if (name.size() < 10 || name[4] != '_' || !name.ends_with(".sql")) return 0;
  int version = 0;
  for (const char c : name.substr(0, 4)) {
    if (c < '0' || c > '9') return 0;
    version = version * 10 + (c - '0');
  }
  return version;
}

absl::StatusOr<Files> read_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("migrations: ", folder.string(), ": ", error.message()));
  }
  Files files;
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".sql") continue;
    const int version = version_of(name);
    if (version == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("migrations: ", name, " is not named NNNN_name.sql"));
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string sql((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad() || !in.is_open()) {
      return absl::NotFoundError(absl::StrCat("migrations: cannot read ", name));
    }
    const auto [place, added] = files.emplace(version, MigrationFile{name, sql, checksum_of(sql)});
    if (!added) {
      return absl::FailedPreconditionError(
          absl::StrCat("migrations: ", place->second.name, " and ", name, " have one number"));
    }
  }
  return files;
}

// Every applied version must still be what it was; gives the highest one.
absl::StatusOr<int> check_applied(const Result& applied, const Files& files) {
  int highest = 0;
  std::set<int> known;
  for (const Row row : applied) {
    const int version = static_cast<int>(row.int64("version"));
    const auto file = files.find(version);
    if (file == files.end()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the database has migration ", row.text("name"),
                       ", which this program does not know: it was migrated by a newer version"));
    }
    if (file->second.checksum != row.text("checksum")) {
      return absl::FailedPreconditionError(absl::StrCat(
          "migration ", file->second.name,
          " was changed after it was applied: restore the file and add a new one instead"));
    }
    known.insert(version);
    highest = version;
  }
  for (const auto& [version, file] : files) {
    if (version < highest && !known.contains(version)) {
      return absl::FailedPreconditionError(
          absl::StrCat("migration ", file.name,
                       " is new, but sorts before one that is already "
                       "applied: give it a number above ",
                       highest));
    }
  }
  return highest;
}

absl::Status apply(Connection& connection, int version, const MigrationFile& file,
                   base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto transaction, Transaction::begin(connection, deadline));
  if (absl::Status status = connection.run(file.sql, deadline); !status.ok()) {
    return base::annotate(status, absl::StrCat("migration ", file.name));
  }
  BOOKSTORE_RETURN_IF_ERROR(
      transaction.query(kRecord, {version, file.name, file.checksum}).status());
  return transaction.commit();
}

absl::StatusOr<MigrationReport> apply_new(Connection& connection, const Files& files,
                                          base::Deadline deadline) {
  BOOKSTORE_RETURN_IF_ERROR(connection.run(kCreateTable, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(const Result applied, connection.query(kApplied, {}, deadline));
  MigrationReport report;
  BOOKSTORE_ASSIGN_OR_RETURN(report.version, check_applied(applied, files));
  for (auto file = files.upper_bound(report.version); file != files.end(); ++file) {
    BOOKSTORE_RETURN_IF_ERROR(apply(connection, file->first, file->second, deadline));
    report.applied.push_back(file->second.name);
    report.version = file->first;
  }
  return report;
}

}  // namespace

absl::StatusOr<MigrationReport> migrate(Connection& connection, const std::filesystem::path& folder,
                                        base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const Files files, read_files(folder));
  BOOKSTORE_RETURN_IF_ERROR(connection.query(kLock, {kMigrationLock}, deadline).status());
  auto report = apply_new(connection, files, deadline);
  const absl::Status unlocked = connection.query(kUnlock, {kMigrationLock}, deadline).status();
  if (report.ok() && !unlocked.ok()) return unlocked;
  return report;
}

}  // namespace bookstore::postgres
