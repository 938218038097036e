#include "orchestrator/key_check.h"

#include "base/status.h"
#include "crypto/platform_key.h"

namespace bookstore::orchestrator {
namespace {

constexpr base::DurationMs kStartMs = 10'000;

constexpr postgres::Statement kCheck{"SELECT payment.remember_key_check($1) AS value"};

}  // namespace

absl::Status check_platform_key(postgres::Pool& pool, const crypto::Secret& platform_key) {
  const auto deadline = base::Deadline::after(pool.clock(), kStartMs);
  const std::string ours = crypto::key_check_value(platform_key);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool.query(kCheck, {ours}, deadline));
  if (crypto::equal_constant_time(rows[0].raw("value"), ours)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this database was made with another platform key: start with the key file (or "
      "BOOKSTORE_PLATFORM_KEY) that belongs to it");
}

}  // namespace bookstore::orchestrator
