#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Every durable write of an order's life: what a crash directly before or after it must not be able
// to break. The one list: the code names its crash points here (crash_point.h), the suite
// `crash-points` dies at each of them, and docs/failure-model.md shows what came of it.
//   X(enumerator, name, process that writes, what is durable afterwards)
#define BOOKSTORE_DURABLE_WRITES(X)                                                             \
  X(kClaim, "claim", "orchestrator", "the order's row, its lines and its key")                  \
  X(kRetake, "retake", "orchestrator", "a lapsed order's next attempt, its lease")              \
  X(kOutcome, "outcome", "orchestrator", "verdicts, the bytes of the answer and of the Submit") \
  X(kFreeKey, "free_key", "orchestrator", "rejected for a reason that is no verdict; key gone") \
  X(kReview, "review", "orchestrator", "an order in review is approved or declined")            \
  X(kTakeOver, "take_over", "orchestrator", "a submitting order's next attempt, its lease")     \
  X(kSubmit, "submit", "orchestrator",                                                          \
    "nothing here: the call that makes the order the executor's")                               \
  X(kAccept, "accept", "orchestrator", "the row says accepted")                                 \
  X(kVault, "vault", "payment", "the sealed card under its token")                              \
  X(kVaultSweep, "vault_sweep", "payment", "the card of an order that ended is gone")           \
  X(kAuthoriseIntent, "authorise_intent", "payment", "row preparing, intent to authorise")      \
  X(kAuthorise, "authorise", "payment", "the provider's own authorisation")                     \
  X(kAuthorised, "authorised", "payment", "row prepared or refused, as the provider said")      \
  X(kCaptureIntent, "capture_intent", "payment", "row committing, intent to capture")           \
  X(kCapture, "capture", "payment", "the provider's own capture")                               \
  X(kCaptured, "captured", "payment", "row committed or capture_refused")                       \
  X(kVoidIntent, "void_intent", "payment", "row aborting, intents to cancel and void")          \
  X(kCancel, "cancel", "payment", "the provider's closed key")                                  \
  X(kVoid, "void", "payment", "the provider's own void")                                        \
  X(kVoided, "voided", "payment", "row aborted")                                                \
  X(kHold, "hold", "inventory", "stock held, or the refusal")                                   \
  X(kConsume, "consume", "inventory", "held stock sold")                                        \
  X(kRelease, "release", "inventory", "held stock free again")                                  \
  X(kSubmitEntry, "submit_entry", "executor", "the order, in the log")                          \
  X(kBeginEntry, "begin_entry", "executor", "that participants may be asked")                   \
  X(kDecideEntry, "decide_entry", "executor", "COMMIT or ABORT")                                \
  X(kFinishEntry, "finish_entry", "executor", "every participant has acknowledged")             \
  X(kParkEntry, "park_entry", "executor", "an order waits for an operator")                     \
  X(kResumeEntry, "resume_entry", "executor", "an operator lets a parked order go on")          \
  X(kFailEntry, "fail_entry", "executor", "an operator gives a parked order up")                \
  X(kRetireEntry, "retire_entry", "executor", "the terminal row is durable, the order may go")  \
  X(kTimeEntry, "time_entry", "executor", "replicated time")                                    \
  X(kLeadEntry, "lead_entry", "executor", "a new leader's term")                                \
  X(kProjection, "projection", "executor", "transitions, in the orders' rows")

namespace bookstore::base {

enum class DurableWrite : uint8_t {
#define X(enumerator, name, process, what) enumerator,
  BOOKSTORE_DURABLE_WRITES(X)
#undef X
};

struct DurableWriteInfo {
  std::string_view name;
  std::string_view process;
  std::string_view what;
};
inline constexpr std::array kDurableWrites = {
#define X(enumerator, name, process, what) DurableWriteInfo{name, process, what},
    BOOKSTORE_DURABLE_WRITES(X)
#undef X
};
inline constexpr size_t kDurableWriteCount = kDurableWrites.size();

constexpr const DurableWriteInfo& info(DurableWrite write) {
  return kDurableWrites[static_cast<size_t>(write)];
}

}  // namespace bookstore::base
