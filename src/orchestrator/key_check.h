#pragma once

#include "absl/status/status.h"
#include "crypto/secret.h"
#include "postgres/pool.h"

namespace bookstore::orchestrator {

// FailedPrecondition when the database belongs to a platform with another key: keys, fingerprints
// and customers would not be found again. The first process of a platform leaves its key's check
// value there. Waits for the database for ten seconds.
absl::Status check_platform_key(postgres::Pool& pool, const crypto::Secret& platform_key);

}  // namespace bookstore::orchestrator
