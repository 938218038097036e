#include "checkout/problems.h"

#include "base/check.h"
#include "base/status.h"

namespace bookstore::checkout {
namespace {

constexpr ProblemKind kKinds[] = {
    {"idempotency_key_missing", 400, "The Idempotency-Key header is missing", false, 0},
    {"idempotency_key_invalid", 400, "The Idempotency-Key is not usable", false, 0},
    {"key_reused", 422, "The Idempotency-Key was used with another request", false, 0},
    {"in_progress", 409, "The request with this key is still in progress", true, 1'000},
    {"validation_failed", 422, "The request is not valid", false, 0},
    {"total_mismatch", 409, "The total has changed", false, 0},
    {"billing_invalid", 422, "The billing details were refused", false, 0},
    {"card_invalid", 422, "The card details were refused", false, 0},
    {"card_declined", 422, "The card was declined", false, 0},
    {"order_declined", 422, "The order was declined", false, 0},
    {"verification_unavailable", 503, "The card cannot be verified now", true, 1'000},
    {"payment_unavailable", 503, "Payment is not available now", true, 1'000},
    {"no_leader", 503, "Orders cannot be accepted now", true, 1'000},
    {"queue_full", 429, "Too many orders are waiting", true, 5'000},
    {"expired", 503, "The order could not be accepted in time", true, 1'000},
    {"clock_skew", 503, "Orders cannot be accepted now", true, 5'000},
    {"outcome_unknown", 503, "Whether the order was accepted is not known yet", true, 1'000},
    {"database_unavailable", 503, "The shop is not available now", true, 1'000},
    {"overloaded", 503, "The shop is too busy", true, 1'000},
};

}  // namespace

const ProblemKind& problem_kind(std::string_view code) {
  for (const ProblemKind& kind : kKinds) {
    if (kind.code == code) return kind;
  }
  BOOKSTORE_CHECK(false, "problem ", base::absl_view(code));
  return kKinds[0];
}

std::span<const ProblemKind> problem_kinds() {
  return kKinds;
}

}  // namespace bookstore::checkout
