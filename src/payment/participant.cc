#include "payment/participant.h"

#include <array>

#include "base/check.h"

namespace bookstore::payment {
namespace {

constexpr std::array<std::string_view, 9> kStateNames = {
    "none",      "preparing",       "prepared", "refused", "committing",
    "committed", "capture_refused", "aborting", "aborted"};
constexpr std::array<std::string_view, 3> kAskNames = {"Prepare", "Commit", "Abort"};
constexpr std::array<std::string_view, kAnswers.size()> kAnswerNames = {
    "prepared", "refused", "committed", "aborted", "stale_fence", "contradiction", "pending"};
constexpr std::array<std::string_view, 6> kOutcomeNames = {"unknown", "approved",   "declined",
                                                           "closed",  "not_needed", "differs"};

template <class Enum, size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

Decision contradiction(State state, std::string_view reason) {
  return {Answer::kContradiction, state, Work::kNone, reason};
}

// What the provider did that a person must look at; empty for nothing.
std::string_view mishap(State state, Ask ask, const Facts& facts) {
  if (state == State::kPreparing && ask == Ask::kPrepare && facts.authorise == Outcome::kDiffers) {
    return "amount_differs";
  }
  if (state == State::kCommitting && ask == Ask::kCommit && facts.capture == Outcome::kDiffers) {
    return "capture_differs";
  }
  if (state == State::kAborting && ask == Ask::kAbort && facts.void_ == Outcome::kDeclined) {
    return "void_refused";
  }
  return {};
}

Decision prepare(State state, const Circumstances& circumstances) {
  if (!circumstances.same_payment) return contradiction(state, "amount_differs");
  switch (state) {
    case State::kNone:
      if (!circumstances.refusal.empty()) {
        return {Answer::kRefused, State::kRefused, Work::kNone, circumstances.refusal};
      }
      return {Answer::kPending, State::kPreparing, Work::kAuthorise};
    case State::kPreparing:
      return {Answer::kPending, state, Work::kAuthorise};
    case State::kPrepared:
    case State::kCommitting:
    case State::kCaptureRefused:
      return {Answer::kPrepared, state};
    case State::kRefused:
      return {Answer::kRefused, state};
    case State::kCommitted:
      return {Answer::kCommitted, state};
    case State::kAborting:
    case State::kAborted:
      return {Answer::kAborted, state};
  }
  BOOKSTORE_CHECK(false, "no such state");
}

Decision commit(State state, const Circumstances& circumstances) {
  switch (state) {
    case State::kNone:
      return contradiction(state, "unknown_order");
    case State::kPreparing:
      return contradiction(state, "not_prepared");
    case State::kRefused:
      return contradiction(state, "was_refused");
    case State::kAborting:
    case State::kAborted:
      return contradiction(state, "was_aborted");
    case State::kCaptureRefused:
      return contradiction(state, "capture_refused");
    case State::kPrepared:
    case State::kCommitting:
    case State::kCommitted:
      break;
  }
  if (!circumstances.same_payment) return contradiction(state, "amount_differs");
  if (state == State::kCommitted) return {Answer::kCommitted, state};
  return {Answer::kPending, State::kCommitting, Work::kCapture};
}

Decision abort(State state) {
  switch (state) {
    case State::kNone:
      return {Answer::kAborted, State::kAborted};
    case State::kPreparing:
    case State::kPrepared:
    case State::kCaptureRefused:
    case State::kAborting:
      return {Answer::kPending, State::kAborting, Work::kCancelAndVoid};
    case State::kRefused:
    case State::kAborted:
      return {Answer::kAborted, state};
    case State::kCommitting:
    case State::kCommitted:
      return contradiction(state, "was_committed");
  }
  BOOKSTORE_CHECK(false, "no such state");
}

Decision answer_call(State state, Ask ask, const Circumstances& circumstances) {
  switch (ask) {
    case Ask::kPrepare:
      return prepare(state, circumstances);
    case Ask::kCommit:
      return commit(state, circumstances);
    case Ask::kAbort:
      return abort(state);
  }
  BOOKSTORE_CHECK(false, "no such ask");
}

}  // namespace

Decision decide(State state, Ask ask, const Circumstances& circumstances) {
  const State learned = learn(state, circumstances.facts);
  const std::string_view mishap_reason = mishap(learned, ask, circumstances.facts);
  Decision decision = mishap_reason.empty() ? answer_call(learned, ask, circumstances)
                                            : contradiction(learned, mishap_reason);
  decision.learned = learned;
  return decision;
}

State learn(State state, const Facts& facts) {
  if (state == State::kPreparing && facts.authorise == Outcome::kApproved) return State::kPrepared;
  if (state == State::kPreparing && facts.authorise == Outcome::kDeclined) return State::kRefused;
  if (state == State::kCommitting && facts.capture == Outcome::kApproved) return State::kCommitted;
  if (state == State::kCommitting && facts.capture == Outcome::kDeclined) {
    return State::kCaptureRefused;
  }
  const bool nothing_left = facts.void_ == Outcome::kApproved || facts.void_ == Outcome::kNotNeeded;
  if (state == State::kAborting && facts.cancel == Outcome::kClosed && nothing_left) {
    return State::kAborted;
  }
  return state;
}

std::string_view name_of(State state) {
  return kStateNames[static_cast<size_t>(state)];
}
std::string_view name_of(Ask ask) {
  return kAskNames[static_cast<size_t>(ask)];
}
std::string_view name_of(Answer answer) {
  return kAnswerNames[static_cast<size_t>(answer)];
}
std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<size_t>(outcome)];
}
std::optional<State> state_named(std::string_view name) {
  return find_name<State>(kStateNames, name);
}
std::optional<Outcome> outcome_named(std::string_view name) {
  return find_name<Outcome>(kOutcomeNames, name);
}

}  // namespace bookstore::payment
