#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "order_executor/order_machine.h"

namespace bookstore::order_executor {

enum class Participant : uint8_t { kInventory = 0, kPayment = 1 };
enum class Call : uint8_t { kPrepare = 0, kCommit = 1, kAbort = 2 };

// A participant's word on one order (proto/…/inventory.proto, payment.proto).
enum class ParticipantState : uint8_t {
  kPrepared,
  kRefused,
  kCommitted,
  kAborted,
  kPending,  // payment: the provider has not answered yet; ask again
  kContradiction,
  kStaleFence,
};

struct Answer {
  base::OrderId id;
  ParticipantState state = ParticipantState::kPending;
  std::string reason;
};

// One list to send to one participant; at most kBatchMax orders.
struct Send {
  Participant participant = Participant::kInventory;
  Call call = Call::kPrepare;
  std::vector<base::OrderId> ids;
  friend bool operator==(const Send&, const Send&) = default;
};

// What an executing order waits for.
struct Progress {
  std::string waits_for;  // "payment prepare", …; "the log" while an entry is under way
  bool asked = false;     // the call is under way
  uint32_t tries = 0;     // answers that said: ask again
  base::DurationMs next_try_in_ms = 0;
};

// What the shell must do now. Every Send is answered by exactly one on_answers or on_unavailable;
// every proposal is appended to the log, in this order.
struct Duties {
  std::vector<Send> sends;
  std::vector<Command> proposals;
  // When to step again although nothing was applied or answered; empty: no need.
  std::optional<base::SteadyMs> wake_at_ms;
};

// The coordinator of the two-phase commit (DESIGN §4.6–4.9): a pure function of the machine's
// applied state, the participants' answers and time. It remembers only what a new leader may
// forget: what is in flight and when to try again. So a leader that starts builds a new one.
//   executing, undecided → hold stock → authorise → Decide COMMIT (a refusal: Decide ABORT)
//   decided COMMIT       → capture → consume → Finish
//   decided ABORT        → void → release (whoever may hold something) → Finish
// An unavailable participant pauses what goes to it and the Begin of new orders; nothing is parked
// for that. Only an answer that cannot be parks an order. Owned by the node's thread.
class TwoPhase {
 public:
  struct Config {
    // Lists under way to one participant with one call at once; an order is in one list only.
    size_t calls_in_flight_max = 4;
    // Between two Begins, unless a whole batch waits: orders that are begun together stay together
    // in every list, so each transaction at a participant serves several.
    base::DurationMs begin_linger_ms = 20;
    base::DurationMs retry_min_ms = 100;
    base::DurationMs retry_max_ms = 5'000;
  };
  explicit TwoPhase(Config config) : config_(config) {}

  // After entries were applied, answers came, or wake_at_ms was reached.
  Duties step(const OrderMachine& machine, base::SteadyMs now_ms);

  // Every entry that the machine has applied.
  void on_applied(const Command& command);
  void on_answers(const OrderMachine& machine, const Send& send, const std::vector<Answer>& answers,
                  base::SteadyMs now_ms);
  // Unavailable, timed out, or refused by the breaker: the outcome of the call is unknown.
  void on_unavailable(const Send& send, base::SteadyMs now_ms);
  // The terminal rows of these orders are durable: their Retire comes with the next step.
  void on_projected(const std::vector<RetiredOrder>& orders);

  bool paused(Participant participant, base::SteadyMs now_ms) const;
  // Empty for an order that is not executing.
  std::optional<Progress> progress(const base::OrderId& id, base::SteadyMs now_ms) const;
  // A participant knows a newer leader: this one has stopped driving for good.
  bool fenced_off() const { return fenced_off_; }

  // What decides its next duties, times and counts of tries apart: once every pause and linger is
  // over, two coordinators with equal fingerprints act alike on equal machines.
  std::string fingerprint() const;

 private:
  // The next thing an executing order needs; kProposed: the entry that will say.
  enum class Stage : uint8_t { kHold, kAuthorise, kCapture, kConsume, kVoid, kRelease, kProposed };

  struct Work {
    Stage stage = Stage::kHold;
    Decision decision = Decision::kNone;  // what `stage` was derived from
    bool in_flight = false;
    base::SteadyMs next_try_ms = 0;
    uint32_t tries = 0;  // of this stage
  };

  struct Line {
    std::array<size_t, 3> in_flight{};  // by Call
    uint32_t failures = 0;              // in a row; after one, a single call probes
    base::SteadyMs resume_at_ms = 0;
  };

  static std::optional<Stage> first_stage(const Order& order);
  static Send send_of(Stage stage);
  void follow(const OrderMachine& machine);
  void begin(const OrderMachine& machine, base::SteadyMs now_ms, Duties& duties);
  void send(Stage stage, base::SteadyMs now_ms, Duties& duties);
  void retire(Duties& duties);
  std::optional<base::SteadyMs> next_wake(const OrderMachine& machine, base::SteadyMs now_ms) const;

  void on_answer(const Order& order, Work& work, const Answer& answer, base::SteadyMs now_ms);
  void on_prepare(const Order& order, Work& work, const Answer& answer, base::SteadyMs now_ms);
  void on_commit(const Order& order, Work& work, const Answer& answer, base::SteadyMs now_ms);
  void on_abort(const Order& order, Work& work, const Answer& answer, base::SteadyMs now_ms);
  static void advance(Work& work, Stage stage);
  void propose(Work& work, Command command);
  void decide_abort(const Order& order, Work& work, AbortScope scope, std::string reason);
  void park(const Order& order, Work& work, ParkKind kind, const Answer& answer);
  void try_again(Work& work, base::SteadyMs now_ms) const;
  base::DurationMs back_off(uint32_t tries) const;
  bool may_send(const Send& send, base::SteadyMs now_ms) const;
  Line& line(Participant participant) { return lines_[static_cast<size_t>(participant)]; }
  const Line& line(Participant participant) const {
    return lines_[static_cast<size_t>(participant)];
  }

  const Config config_;
  std::map<base::OrderId, Work> works_;  // exactly the executing orders, after follow()
  std::array<Line, 2> lines_;
  std::vector<Command> proposals_;  // made since the last step, handed out by the next
  std::map<base::OrderId, base::WallMs> to_retire_;  // with the newest accept_before
  bool begin_proposed_ = false;                      // one Begin under way at a time
  base::SteadyMs begin_at_ms_ = 0;                   // the next one, unless a whole batch waits
  bool fenced_off_ = false;
};

}  // namespace bookstore::order_executor
