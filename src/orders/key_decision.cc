#include "orders/key_decision.h"

#include <algorithm>

#include "base/check.h"
#include "orders/order.h"

namespace bookstore::orders {
namespace {

// An order that is still decided about keeps its key, however old.
bool holds_key(State state) {
  return state == State::kReceived || state == State::kInReview || state == State::kSubmitting;
}

constexpr base::DurationMs kAskAgainMs = 1'000;

}  // namespace

KeyDecision decide_key(const std::optional<FoundKey>& found) {
  if (!found.has_value()) return {KeyVerdict::kNew};
  if (found->expired && !holds_key(found->state)) return {KeyVerdict::kNew};
  if (!found->same_fingerprint) return {KeyVerdict::kReused};
  switch (found->state) {
    case State::kReceived:
      if (found->lease_left_ms > 0)
        return {KeyVerdict::kInProgress, ask_again_ms(found->lease_left_ms)};
      return {KeyVerdict::kRetake};
    case State::kSubmitting:
      // Whoever approves a review submits it; the shopper was promised an uncharged order and
      // hears the same again.
      if (found->was_in_review) return {KeyVerdict::kReplay};
      return {KeyVerdict::kAskExecutor, found->lease_left_ms};
    case State::kRejected:
      BOOKSTORE_CHECK(!frees_key(found->reason), "a freed key still has a record: ", found->reason);
      return {KeyVerdict::kReplay};
    case State::kInReview:
    case State::kAccepted:
    case State::kExecuting:
    case State::kCompleted:
    case State::kFailed:
    case State::kNeedsAttention:
    case State::kCanceled:
      return {KeyVerdict::kReplay};
  }
  BOOKSTORE_CHECK(false, "state ", static_cast<int>(found->state));
  return {KeyVerdict::kReused};
}

base::DurationMs ask_again_ms(base::DurationMs lease_left_ms) {
  return std::min(lease_left_ms, kAskAgainMs);
}

SubmittingVerdict decide_submitting(ExecutorSays says, base::DurationMs lease_left_ms) {
  switch (says) {
    case ExecutorSays::kKnown:
      return SubmittingVerdict::kReplay;
    case ExecutorSays::kUnreachable:
      return SubmittingVerdict::kOutcomeUnknown;
    case ExecutorSays::kUnknown:
      return lease_left_ms > 0 ? SubmittingVerdict::kInProgress : SubmittingVerdict::kTakeOver;
  }
  BOOKSTORE_CHECK(false, "says ", static_cast<int>(says));
  return SubmittingVerdict::kOutcomeUnknown;
}

}  // namespace bookstore::orders
