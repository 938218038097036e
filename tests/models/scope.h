#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bookstore::models {

inline constexpr int kOrdersMax = 2;   // order rows that can come to be
inline constexpr int kWorkers = 2;     // orchestrators; each works on one thing at a time
inline constexpr int kLeadersMax = 3;  // terms

// Rules that a mutant breaks: each is one the design or the code relies on. They live in the
// model's adapters around the production functions; production code knows nothing of them.
enum class Mutant : uint8_t {
  kNone,
  kNoFence,
  kFenceLostOnRestart,
  kTermUsedTwice,
  kAbortLeavesNoRow,
  kPrepareAfterAbort,
  kSecondDecideWins,
  kAnswerBeforeOutcome,
  kRetireBeforeProjection,
  kNewProviderKey,
  kAbortWithoutClosing,
  kNoIntent,
  kCommitBeforeCapture,
  kRejectedTakenOver,
  kTakeoverWithoutCompare,
  kOutcomeWithoutCompare,
  kUnknownIsRefused,
  kTakeoverGivesUp,
  kKeyFreedWhileSubmitting,
  kExpiredByOwnClock,
  kExpiredAccepted,
  kForgottenAtOldTime,
  kReviewExpires,
  kApproveWithoutCompare,
  kProjectionWithoutVersion,
  kProjectionLeavesTerminal,
  kPrepareBeforeBegin,
  kCancelAfterBegin,
  kCaptureBeforeDecide,
  kFinishBeforeAcknowledged,
  kOversell,
};

enum class Card : uint8_t { kGood, kDeclined, kAny };

// What a model contains and how often the world may turn against it. Everything else (time, client
// retries, take-overs, sweeps, replays of the log) is unbounded. 255: as often as it likes.
struct Scope {
  std::string_view name;
  std::string_view says;  // one line for people
  int keys = 1;           // buyers, each with one Idempotency-Key
  int orders = 1;         // order rows that may come to be; a freed key makes another
  int workers = 2;
  int stock = 1;
  int executing_capacity = 2;
  int queue_capacity = 2;
  Card card = Card::kGood;
  bool capture_refusals = false;
  bool outcome_review = false;
  bool outcome_refusals = false;  // verdicts and unavailable checkers
  bool operators = false;         // cancel, abort, resume, fail
  bool time_passes = true;
  // Participants answer at once, and nothing comes between. Nothing outside the executor sees them,
  // so this leaves out nothing but a leader that dies during a call: the scope `leaders` has that.
  bool prompt = false;
  int terms = 1;
  bool stale_leader = false;  // a deposed leader goes on; else it dies
  // Faults.
  int orchestrator_crashes = 0;
  int payment_crashes = 0;
  int lost_submits = 0;  // Submit without an answer; it may still arrive, again and again
  int lost_calls = 0;    // call to a participant without an answer; the same
  int silent_calls = 0;  // provider call without an answer; it may still have its effect
  Mutant mutant = Mutant::kNone;
};

}  // namespace bookstore::models
