#include "payment/sandbox.h"

#include "base/check.h"
#include "base/ids.h"
#include "base/status.h"
#include "payment/sandbox_rules.h"

namespace bookstore::payment {
namespace {

using postgres::Batch;
using postgres::Result;
using postgres::Statement;

constexpr Statement kAuthorise{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, reason) "
    "VALUES ($1, 'authorise', $1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING"};
constexpr Statement kLock{"SELECT 1 FROM sandbox.operation WHERE key = $1 FOR UPDATE"};
// A capture is for exactly what was approved, a void names no amount; either ends it for good.
constexpr Statement kEnd{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, reason) "
    "SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint, "
    "       CASE WHEN refusal = '' THEN 'approved' ELSE 'declined' END, refusal "
    "FROM (SELECT CASE "
    "  WHEN approved.key IS NULL THEN 'not_authorised' "
    "  WHEN $2::text = 'capture' AND approved.closed THEN 'authorisation_closed' "
    "  WHEN EXISTS (SELECT 1 FROM sandbox.operation o WHERE o.authorisation = $3::text "
    "               AND o.kind <> 'authorise' AND o.outcome = 'approved') THEN 'already_ended' "
    "  WHEN $2::text = 'capture' AND (approved.currency, approved.amount_minor) "
    "       <> ($4::text, $5::bigint) THEN 'amount_differs' "
    "  ELSE '' END AS refusal "
    "  FROM (SELECT $3::text AS wanted) call LEFT JOIN sandbox.operation approved "
    "  ON approved.key = call.wanted AND approved.kind = 'authorise' "
    "  AND approved.outcome = 'approved') judged "
    "ON CONFLICT (key) DO NOTHING"};
constexpr Statement kClose{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, closed) "
    "VALUES ($1, 'authorise', $1, '', 0, 'closed', true) "
    "ON CONFLICT (key) DO UPDATE SET closed = true"};
// What became of a key; and what a call with it gets, which a closed key refuses.
constexpr Statement kRead{
    "SELECT outcome, reason, currency, amount_minor FROM sandbox.operation WHERE key = $1"};
constexpr Statement kReadUnlessClosed{
    "SELECT CASE WHEN closed THEN 'closed' ELSE outcome END AS outcome, reason,"
    "  currency, amount_minor FROM sandbox.operation WHERE key = $1"};

absl::StatusOr<ProviderAnswer> answer_in(const Result& result) {
  if (result.empty()) return ProviderAnswer{};
  const auto outcome = outcome_named(result[0].raw("outcome"));
  BOOKSTORE_CHECK(outcome.has_value(), "sandbox.operation allows more outcomes than we know");
  const postgres::Row row = result[0];
  return ProviderAnswer{
      *outcome, row.text("reason"), {row.text("currency"), row.int64("amount_minor")}};
}

// Runs the batch and reads the last statement's row as the answer.
absl::StatusOr<ProviderAnswer> run(Batch& batch, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  return answer_in(results.back());
}

}  // namespace

absl::StatusOr<TokeniseAnswer> SandboxProvider::tokenise(const Card& card, std::string_view cvc,
                                                         base::Deadline deadline) {
  const base::Clock& clock = pool_.clock();
  if (deadline.passed(clock)) return absl::DeadlineExceededError("sandbox: too late");
  return judge_card(card, cvc, clock.wall_ms(), base::make_ulid(clock, random_));
}

absl::StatusOr<ProviderAnswer> SandboxProvider::authorise(const std::string& provider_token,
                                                          const base::Money& amount,
                                                          const std::string& key,
                                                          base::Deadline deadline) {
  const std::string reason = judge_token(provider_token);
  const Outcome outcome = reason.empty() ? Outcome::kApproved : Outcome::kDeclined;
  BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(deadline));
  Batch batch(*lease);
  batch.add(kAuthorise, {key, amount.currency, amount.minor, name_of(outcome), reason});
  batch.add(kReadUnlessClosed, {key});
  return run(batch, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::capture(const std::string& authorisation,
                                                        const base::Money& amount,
                                                        const std::string& key,
                                                        base::Deadline deadline) {
  return end("capture", authorisation, amount, key, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::void_authorisation(const std::string& authorisation,
                                                                   const std::string& key,
                                                                   base::Deadline deadline) {
  return end("void", authorisation, {}, key, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::end(std::string_view kind,
                                                    const std::string& authorisation,
                                                    const base::Money& amount,
                                                    const std::string& key,
                                                    base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(deadline));
  Batch batch(*lease);
  batch.add(kLock, {authorisation});
  batch.add(kEnd, {key, kind, authorisation, amount.currency, amount.minor});
  batch.add(kRead, {key});
  return run(batch, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::lookup(const std::string& key,
                                                       base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const Result result, pool_.query(kRead, {key}, deadline));
  return answer_in(result);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::cancel(const std::string& key,
                                                       base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(deadline));
  Batch batch(*lease);
  batch.add(kClose, {key});
  batch.add(kRead, {key});
  return run(batch, deadline);
}

}  // namespace bookstore::payment
