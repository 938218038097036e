#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "postgres/pool.h"

namespace bookstore::orchestrator {

// Copies that can be sold now, as inventory publishes them; books it does not know are absent.
// Blocks in the database.
absl::StatusOr<std::map<std::string, int64_t>> read_available(
    postgres::Pool& pool, const std::vector<std::string>& book_ids, base::Deadline deadline);

}  // namespace bookstore::orchestrator
