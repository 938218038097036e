#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "orders/state.h"

// What a request with an Idempotency-Key may do, given what the database knows of the key: the
// found-key table of the design (Life of an order, 1) as two pure functions.
namespace bookstore::orders {

// The key's record and its order, read in one statement.
struct FoundKey {
  bool same_fingerprint = false;
  bool expired = false;  // older than 24 h
  State state = State::kReceived;
  std::string reason;
  bool was_in_review = false;
  base::DurationMs lease_left_ms = 0;  // by the database's clock; 0: lapsed
};

enum class KeyVerdict {
  kNew,          // claim it (an expired record makes way)
  kReused,       // 422 key_reused: the same key with another body
  kInProgress,   // 409 in_progress with Retry-After
  kRetake,       // attempt + 1: same order id and prices, checked again from the start
  kReplay,       // the stored answer, byte for byte
  kAskExecutor,  // the outcome is durable, whether the executor has it is not known here
};
struct KeyDecision {
  KeyVerdict verdict;
  base::DurationMs retry_after_ms = 0;  // kInProgress
};
KeyDecision decide_key(const std::optional<FoundKey>& found);

// How soon a request that is in progress may be asked about again: a live attempt is through by
// then, one that died is taken over when its lease is.
base::DurationMs ask_again_ms(base::DurationMs lease_left_ms);

// The second half for kAskExecutor.
enum class ExecutorSays { kKnown, kUnknown, kUnreachable };
enum class SubmittingVerdict {
  kReplay,
  kInProgress,      // its own attempt is still at it
  kTakeOver,        // attempt + 1, submit the stored bytes again
  kOutcomeUnknown,  // 503 outcome_unknown
};
SubmittingVerdict decide_submitting(ExecutorSays says, base::DurationMs lease_left_ms);

}  // namespace bookstore::orders
