#include "payment/sandbox.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/ids.h"
#include "base/status.h"
#include "payment/sandbox_rules.h"

namespace bookstore::payment {
namespace {

using postgres::Batch;
using postgres::Result;
using postgres::Statement;

// Every effect is left undone while a fault of its step is armed, unless its last parameter says
// that the fault has been met.
constexpr Statement kAuthorise{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, reason) "
    "SELECT $1::text, 'authorise', $1::text, $2::text, $3::bigint, $4::text, $5::text "
    "WHERE $6::boolean OR NOT EXISTS (SELECT FROM sandbox.fault WHERE authorisation = $1::text"
    "  AND step IN ('authorise', 'any') AND calls > 0"
    "  AND (silent_until IS NULL OR silent_until > now())) "
    "ON CONFLICT (key) DO NOTHING"};
constexpr Statement kLock{"SELECT 1 FROM sandbox.operation WHERE key = $1 FOR UPDATE"};
// A capture is for exactly what was approved, a void names no amount; either ends it for good.
// $7, when it is there, is the verdict whatever the rules say.
// The kinds are written as in the index operation_ends_once, or it would not be used.
constexpr Statement kEnd{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, reason) "
    "SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint, "
    "       CASE WHEN refusal = '' THEN 'approved' ELSE 'declined' END, refusal "
    "FROM (SELECT CASE "
    "  WHEN approved.key IS NULL THEN 'not_authorised' "
    "  WHEN $7::text IS NOT NULL THEN $7::text "
    "  WHEN $2::text = 'capture' AND approved.closed THEN 'authorisation_closed' "
    "  WHEN EXISTS (SELECT 1 FROM sandbox.operation o WHERE o.authorisation = $3::text "
    "               AND o.kind IN ('capture', 'void') AND o.outcome = 'approved') THEN "
    "'already_ended' "
    "  WHEN $2::text = 'capture' AND (approved.currency, approved.amount_minor) "
    "       <> ($4::text, $5::bigint) THEN 'amount_differs' "
    "  ELSE '' END AS refusal "
    "  FROM (SELECT $3::text AS wanted) call LEFT JOIN sandbox.operation approved "
    "  ON approved.key = call.wanted AND approved.kind = 'authorise' "
    "  AND approved.outcome = 'approved') judged "
    "WHERE $6::boolean OR NOT EXISTS (SELECT FROM sandbox.fault WHERE authorisation = $3::text"
    "  AND step IN ($2::text, 'any') AND calls > 0"
    "  AND (silent_until IS NULL OR silent_until > now())) "
    "ON CONFLICT (key) DO NOTHING"};
constexpr Statement kClose{
    "INSERT INTO sandbox.operation "
    "(key, kind, authorisation, currency, amount_minor, outcome, closed) "
    "SELECT $1::text, 'authorise', $1::text, '', 0, 'closed', true "
    "WHERE $2::boolean OR NOT EXISTS (SELECT FROM sandbox.fault WHERE authorisation = $1::text"
    "  AND step IN ('cancel', 'any') AND calls > 0"
    "  AND (silent_until IS NULL OR silent_until > now())) "
    "ON CONFLICT (key) DO UPDATE SET closed = true"};
constexpr Statement kIsArmed{
    "SELECT FROM sandbox.fault WHERE authorisation = $1 AND step IN ($2, 'any') AND calls > 0 "
    "AND (silent_until IS NULL OR silent_until > now())"};
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

// What a refusal at a step is called.
std::string_view refusal_at(std::string_view step) {
  if (step == "authorise") return "do_not_honor";
  return step == "capture" ? "expired_authorisation" : "void_not_possible";
}

constexpr base::DurationMs kEffectMs = 1'000;  // of a request that was long under way

void pass(base::DurationMs delay_ms, base::Deadline deadline, const base::Clock& clock) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::min(delay_ms, deadline.remaining_ms(clock))));
}

// Faults are kept by authorisation; a caller's keys differ in what follows the last colon.
std::string authorisation_of(const std::string& key) {
  const size_t colon = key.rfind(':');
  return colon == std::string::npos ? key : key.substr(0, colon) + ":authorise";
}

// The effect of a step; a lookup has none.
std::optional<base::DurableWrite> write_of(std::string_view step) {
  if (step == "authorise") return base::DurableWrite::kAuthorise;
  if (step == "capture") return base::DurableWrite::kCapture;
  if (step == "void") return base::DurableWrite::kVoid;
  if (step == "cancel") return base::DurableWrite::kCancel;
  return std::nullopt;
}

absl::Status no_answer() {
  return absl::DeadlineExceededError("sandbox: no answer");
}

}  // namespace

absl::StatusOr<SandboxProvider::Done> SandboxProvider::run(Batch& batch, const Statement& read,
                                                           const std::string& key,
                                                           std::string_view step,
                                                           const std::string& authorisation,
                                                           base::Deadline deadline) {
  const size_t answer_at = batch.add(read, {key});
  const size_t armed_at = batch.add(kIsArmed, {authorisation, step});
  [[maybe_unused]] const auto write = write_of(step);
  if (write) BOOKSTORE_CRASH_BEFORE_ONE(*write);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  // While a fault is armed the effect was left undone.
  if (write && results[armed_at].empty()) BOOKSTORE_CRASH_AFTER_ONE(*write);
  BOOKSTORE_ASSIGN_OR_RETURN(ProviderAnswer answer, answer_in(results[answer_at]));
  return Done{std::move(answer), !results[armed_at].empty()};
}

absl::StatusOr<ProviderAnswer> SandboxProvider::perform(std::string_view step,
                                                        const std::string& authorisation,
                                                        const Effect& effect,
                                                        base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const Done done, effect({}, deadline));
  if (!done.armed) return done.answer;
  BOOKSTORE_ASSIGN_OR_RETURN(const auto fault, faults_.meet(authorisation, step, deadline));
  if (fault) return misbehave(step, *fault, effect, deadline);
  // Another call met it meanwhile.
  BOOKSTORE_ASSIGN_OR_RETURN(const Done again, effect({.whatever_fault = true}, deadline));
  return again.answer;
}

absl::StatusOr<ProviderAnswer> SandboxProvider::misbehave(std::string_view step,
                                                          const MetFault& fault,
                                                          const Effect& effect,
                                                          base::Deadline deadline) {
  const base::Clock& clock = pool_.clock();
  Orders orders{.whatever_fault = true};
  if (fault.mischief == Mischief::kRefused) orders.verdict = refusal_at(step);
  if (fault.mischief == Mischief::kOtherAmount) {
    orders.verdict = "";
    orders.minor_off = 1;
  }
  const bool lost = fault.mischief == Mischief::kLostBefore || fault.mischief == Mischief::kSilent;
  const bool waits_first = lost || fault.mischief == Mischief::kSlow;
  if (waits_first) pass(fault.delay_ms, deadline, clock);
  if (lost) return no_answer();
  const auto effect_by = base::Deadline::after(clock, kEffectMs);
  if (fault.mischief == Mischief::kTwice) {
    BOOKSTORE_RETURN_IF_ERROR(effect(orders, effect_by).status());
  }
  BOOKSTORE_ASSIGN_OR_RETURN(const Done done, effect(orders, effect_by));
  if (!waits_first) pass(fault.delay_ms, deadline, clock);
  if (fault.mischief == Mischief::kLostAfter || deadline.passed(clock)) return no_answer();
  return done.answer;
}

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
  if (const auto faults = faults_of(provider_token); !faults.empty()) {
    BOOKSTORE_RETURN_IF_ERROR(faults_.arm(key, faults, deadline));
  }
  const auto effect = [&](const Orders& orders, base::Deadline by) -> absl::StatusOr<Done> {
    const std::string reason = orders.verdict.value_or(judge_token(provider_token));
    const Outcome outcome = reason.empty() ? Outcome::kApproved : Outcome::kDeclined;
    BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(by));
    Batch batch(*lease);
    batch.add(kAuthorise, {key, amount.currency, amount.minor + orders.minor_off, name_of(outcome),
                           reason, orders.whatever_fault});
    return run(batch, kReadUnlessClosed, key, "authorise", key, by);
  };
  return perform("authorise", key, effect, deadline);
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
  const auto effect = [&](const Orders& orders, base::Deadline by) -> absl::StatusOr<Done> {
    BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(by));
    Batch batch(*lease);
    batch.add(kLock, {authorisation});
    batch.add(kEnd, {key, kind, authorisation, amount.currency, amount.minor + orders.minor_off,
                     orders.whatever_fault, orders.verdict});
    return run(batch, kRead, key, kind, authorisation, by);
  };
  return perform(kind, authorisation, effect, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::lookup(const std::string& key,
                                                       base::Deadline deadline) {
  const std::string authorisation = authorisation_of(key);
  const auto effect = [&](const Orders&, base::Deadline by) -> absl::StatusOr<Done> {
    BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(by));
    Batch batch(*lease);
    return run(batch, kRead, key, "lookup", authorisation, by);
  };
  return perform("lookup", authorisation, effect, deadline);
}

absl::StatusOr<ProviderAnswer> SandboxProvider::cancel(const std::string& key,
                                                       base::Deadline deadline) {
  const auto effect = [&](const Orders& orders, base::Deadline by) -> absl::StatusOr<Done> {
    BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(by));
    Batch batch(*lease);
    batch.add(kClose, {key, orders.whatever_fault});
    return run(batch, kRead, key, "cancel", key, by);
  };
  return perform("cancel", key, effect, deadline);
}

}  // namespace bookstore::payment
