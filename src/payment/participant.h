#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace bookstore::payment {

// What an order's row says; kNone is no row. The states in -ing wait for the provider.
enum class State {
  kNone,
  kPreparing,
  kPrepared,
  kRefused,
  kCommitting,
  kCommitted,
  kCaptureRefused,
  kAborting,
  kAborted
};
enum class Ask { kPrepare, kCommit, kAbort };
enum class Answer {
  kPrepared,
  kRefused,
  kCommitted,
  kAborted,
  kStaleFence,
  kContradiction,
  kPending  // the provider has not answered: ask again
};
inline constexpr std::array kAnswers = {
    Answer::kPrepared,   Answer::kRefused,       Answer::kCommitted, Answer::kAborted,
    Answer::kStaleFence, Answer::kContradiction, Answer::kPending};
// What the provider must be asked now.
enum class Work { kNone, kAuthorise, kCapture, kCancelAndVoid };

// What the provider's ledger says of one step of an order. kDiffers: it approved another amount
// than it was asked for, so that nothing may be built on it.
enum class Outcome { kUnknown, kApproved, kDeclined, kClosed, kNotNeeded, kDiffers };

struct Facts {
  Outcome authorise = Outcome::kUnknown;
  Outcome capture = Outcome::kUnknown;
  Outcome cancel = Outcome::kUnknown;  // kClosed once the key refuses every later call
  Outcome void_ = Outcome::kUnknown;   // kNotNeeded when nothing had been approved
};

// What only the row, the ledger and the call together can say.
struct Circumstances {
  // Why a new order cannot even be tried ("unknown_token"); empty when it can.
  std::string_view refusal = {};
  // The call names the amount and token that the row was prepared with; true without a row.
  bool same_payment = true;
  Facts facts = {};
};

struct Decision {
  Answer answer;  // kPending exactly when there is work
  State next;
  Work work = Work::kNone;
  std::string_view reason = {};  // of a refusal that is new, or of a contradiction
  State learned = State::kNone;  // where the facts alone had led; between the state and `next`
};

// The transition table, the only one. Facts first: preparing → prepared | refused, committing →
// committed | capture_refused, aborting → aborted. Then the call: none → preparing; prepared →
// committing; preparing, prepared, capture_refused → aborting; Abort of an unknown order is
// remembered as aborted. Asking again gives the answer again; Abort of a refused order is
// acknowledged as aborted and leaves the refusal. What can never be, and what the provider did
// that no further call mends (another amount approved or captured, a void refused), is a
// contradiction.
Decision decide(State state, Ask ask, const Circumstances& circumstances = {});

// Where the facts lead a waiting state; any other state stays.
State learn(State state, const Facts& facts);

std::string_view name_of(State state);
std::string_view name_of(Ask ask);
std::string_view name_of(Answer answer);
std::string_view name_of(Outcome outcome);
std::optional<State> state_named(std::string_view name);
std::optional<Outcome> outcome_named(std::string_view name);

}  // namespace bookstore::payment
