#include "payment/sandbox_faults.h"

#include <array>
#include <vector>

#include "base/check.h"
#include "base/status.h"

namespace bookstore::payment {
namespace {

using postgres::Statement;

constexpr std::array<std::string_view, 8> kKinds = {
    "lost_before", "lost_after", "late", "slow", "twice", "silent", "refused", "other_amount"};

constexpr Statement kArm{
    "INSERT INTO sandbox.fault (authorisation, step, kind, calls, delay_ms) "
    "SELECT $1, step, kind, calls, delay_ms "
    "FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])"
    "  AS fault (step, kind, calls, delay_ms) ON CONFLICT DO NOTHING"};
// A silence counts time, every other fault counts calls. One row a step, or one for any step.
constexpr Statement kMeet{
    "UPDATE sandbox.fault SET"
    "  calls = CASE WHEN kind = 'silent' THEN calls ELSE calls - 1 END,"
    "  silent_until = CASE WHEN kind = 'silent'"
    "    THEN coalesce(silent_until, now() + delay_ms * interval '1 millisecond') END "
    "WHERE authorisation = $1 AND step = (SELECT f.step FROM sandbox.fault f"
    "  WHERE f.authorisation = $1 AND f.step IN ($2, 'any') AND f.calls > 0"
    "    AND (f.silent_until IS NULL OR f.silent_until > now())"
    "  ORDER BY f.step = 'any' LIMIT 1 FOR UPDATE) "
    "RETURNING kind, coalesce(ceil(extract(epoch FROM silent_until - now()) * 1000)::bigint,"
    "  delay_ms) AS delay_ms"};

Mischief mischief_named(std::string_view name) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<Mischief>(i);
  }
  BOOKSTORE_CHECK(false, "sandbox.fault allows more kinds than we know");
}

}  // namespace

absl::Status SandboxFaults::arm(const std::string& authorisation, std::span<const Fault> faults,
                                base::Deadline deadline) {
  std::vector<std::string_view> steps, kinds;
  std::vector<int64_t> calls, delays;
  for (const Fault& fault : faults) {
    steps.push_back(fault.step);
    kinds.push_back(fault.kind);
    calls.push_back(fault.calls);
    delays.push_back(fault.delay_ms);
  }
  return pool_.query(kArm, {authorisation, steps, kinds, calls, delays}, deadline).status();
}

absl::StatusOr<std::optional<MetFault>> SandboxFaults::meet(const std::string& authorisation,
                                                            std::string_view step,
                                                            base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kMeet, {authorisation, step}, deadline));
  std::optional<MetFault> met;
  if (!rows.empty()) {
    met = MetFault{mischief_named(rows[0].raw("kind")), rows[0].int64("delay_ms")};
  }
  return met;
}

}  // namespace bookstore::payment
