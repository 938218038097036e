#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "postgres/connection.h"

namespace bookstore::postgres {

struct MigrationReport {
  std::vector<std::string> applied;  // file names, in order; empty when there was nothing to do
  int version = 0;                   // the highest version the database now has
};

// Brings the database to the newest file of `folder` (NNNN_name.sql, forward only). Each file runs
// in one transaction together with its row in public.schema_migration; an advisory lock lets one
// process do it at a time, the others wait within the deadline. FAILED_PRECONDITION with one clear
// sentence when an applied file was changed or is missing, when a new file sorts before an applied
// one, or when two files have one number.
absl::StatusOr<MigrationReport> migrate(Connection& connection, const std::filesystem::path& folder,
                                        base::Deadline deadline);

}  // namespace bookstore::postgres
