#pragma once

#include <array>
#include <cstdint>

#include "inventory/participant.h"
#include "order_executor/two_phase.h"
#include "orders/state.h"
#include "payment/participant.h"
#include "tests/models/scope.h"

namespace bookstore::models {

// The state of the whole model: plain values, copied for every move. What production objects hold
// (the machine under a log, a coordinator) is named by a number (interner.h).

enum class Reason : uint8_t {
  kNone,
  kVerdict,
  kUnavailable,
  kNoLeader,
  kQueueFull,
  kExpired,
  kAbandoned,
  kDeclined,  // by a person, in review
};

// Final answers: what a client may do with its key after them is hear the same again.
enum class Answer : uint8_t { kNone, kAccepted, kInReview, kRefused };

// orders.orders
struct Row {
  bool exists = false;
  orders::State state = orders::State::kReceived;
  Reason reason = Reason::kNone;
  int16_t attempt = 0;
  int16_t lease_until = 0;
  int16_t accept_before = 0;
  uint16_t index = 0;
  bool was_in_review = false;
  Answer answer = Answer::kNone;
  int8_t key = 0;
};

// Events of a submission since it last started afresh; executor_client::Submission is made of them.
struct SubmissionTrace {
  uint8_t count = 0;
  std::array<uint8_t, 6> events{};
};

enum class Pc : uint8_t {
  kIdle,
  kFind,
  kClaim,
  kRetake,
  kCheck,
  kAskExecutor,
  kTakeOver,
  kStart,  // a submission not started yet
  kProbe,  // its steps (executor_client::Submission::Step)
  kSubmit,
  kAsk,
  kRecord,
  kRefuse,
};

// What one orchestrator does right now.
struct Worker {
  Pc pc = Pc::kIdle;
  int8_t key = -1;  // the client that waits; -1: nobody does
  int8_t order = -1;
  int16_t attempt = 0;
  bool lease_running = false;  // as the row said when it was read
  bool first = false;          // this attempt wrote `submitting`
  int16_t accept_before = 0;   // in the bytes that are submitted
  SubmissionTrace submission;
  int8_t member = -1;                              // kSubmit: asked
  orders::State known = orders::State::kAccepted;  // what the executor said
  uint16_t known_index = 0;
  Reason refusal = Reason::kNone;
};

struct LateSubmit {
  int8_t order = -1;
  int16_t accept_before = 0;
};

enum class SlotStatus : uint8_t { kFree, kSent, kWaiting, kAnswered };

// A list under way to a participant. kWaiting: payment waits for the provider.
struct CallSlot {
  SlotStatus status = SlotStatus::kFree;
  uint8_t participant = 0;
  uint8_t call = 0;
  uint8_t orders = 0;                         // a bit each
  std::array<uint8_t, kOrdersMax> answers{};  // order_executor::ParticipantState
  std::array<uint8_t, kOrdersMax> reasons{};  // word numbers
};
inline constexpr int kSlots = 4;

// Sent and not answered: may arrive at any time, again and again.
struct LateCall {
  uint8_t orders = 0;  // 0: none
  uint8_t leader = 0;
  uint8_t participant = 0;
  uint8_t call = 0;
};
inline constexpr int kLateMax = 4;

// What the projector has not written yet: of several, the newest.
struct Waiting {
  bool present = false;
  orders::State state = orders::State::kAccepted;
  uint16_t index = 0;
};

enum class LeaderStatus : uint8_t { kNotYet, kLeads, kDeposed, kDead };
inline constexpr int kPendingMax = 6;

struct Leader {
  LeaderStatus status = LeaderStatus::kNotYet;
  uint32_t log = 0;  // what it has applied
  uint32_t coordinator = 0;
  std::array<CallSlot, kSlots> slots{};
  uint8_t pending_count = 0;
  std::array<uint16_t, kPendingMax> pending{};  // proposals on their way into the log
  std::array<Waiting, kOrdersMax> waiting{};
};

struct Inventory {
  std::array<inventory::State, kOrdersMax> rows{};
  std::array<uint8_t, kOrdersMax> reasons{};
  std::array<uint8_t, kOrdersMax> fences{};  // as the rows say
  uint8_t fence = 0;                         // the highest seen
  int8_t held = 0;
  int8_t sold = 0;
  uint8_t newest_leader = 0;  // watched, not known: the newest that ever called
};

// One conversation with the provider: what it has answered so far.
struct Job {
  bool active = false;
  bool asked_before = false;
  uint8_t count = 0;
  std::array<uint8_t, 2> answers{};  // payment::Outcome, or kNoAnswer
};
inline constexpr uint8_t kNoAnswer = 0xff;
inline constexpr int kWorks = 3;  // authorise, capture, cancel and void

struct PaymentRow {
  payment::State state = payment::State::kNone;
  uint8_t reason = 0;
  uint8_t fence = 0;
  uint8_t intents = 0;             // a bit for each step's ledger row
  std::array<uint8_t, 4> facts{};  // payment::Outcome by step: authorise, capture, cancel, void
  std::array<Job, kWorks> jobs{};
};

struct Payment {
  std::array<PaymentRow, kOrdersMax> rows{};
  uint8_t fence = 0;
  uint8_t newest_leader = 0;
};

enum class Effect : uint8_t { kNothing, kApproved, kDeclined };

// The provider's ledger of one order, by key; a correct client uses one key a step.
struct ProviderOrder {
  std::array<Effect, 2> authorised{};
  std::array<bool, 2> closed{};
  Effect captured = Effect::kNothing;
  Effect voided = Effect::kNothing;
  uint8_t late = 0;  // calls that may still have their effect: a bit by ProviderCall
};

// Entries of the log so far, as an outside observer counts them.
struct Observed {
  bool accepted = false;
  orders::State ended = orders::State::kSubmitting;  // kSubmitting: not yet
};

struct State {
  int16_t now = 0;
  std::array<Row, kOrdersMax> rows{};
  std::array<int8_t, kOrdersMax> keys{};   // the order that a key's record names; -1: no record
  std::array<Answer, kOrdersMax> heard{};  // by key: the final answer, and of which order
  std::array<int8_t, kOrdersMax> heard_order{};
  std::array<Worker, kWorkers> workers{};
  std::array<LateSubmit, kLateMax> late_submits{};
  uint32_t log = 0;  // what a quorum has
  std::array<Leader, kLeadersMax> leaders{};
  std::array<LateCall, kLateMax> late_calls{};
  Inventory inventory;
  Payment payment;
  std::array<ProviderOrder, kOrdersMax> provider{};
  std::array<Observed, kOrdersMax> observed{};
  std::array<uint8_t, 5> faults{};  // by Fault, so far
  const char* violated = nullptr;   // by the move that led here
};

enum class Fault : uint8_t {
  kOrchestratorCrash,
  kPaymentCrash,
  kLostSubmit,
  kLostCall,
  kSilentCall
};

}  // namespace bookstore::models
