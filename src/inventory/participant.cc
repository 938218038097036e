#include "inventory/participant.h"

#include <array>

#include "base/check.h"

namespace bookstore::inventory {
namespace {

constexpr std::array<std::string_view, 5> kStateNames = {"none", "prepared", "refused", "committed",
                                                         "aborted"};
constexpr std::array<std::string_view, 3> kAskNames = {"Prepare", "Commit", "Abort"};
constexpr std::array<std::string_view, kAnswers.size()> kAnswerNames = {
    "prepared", "refused", "committed", "aborted", "stale_fence", "contradiction"};

Decision prepare(State state, std::string_view shortage) {
  switch (state) {
    case State::kNone:
      if (!shortage.empty()) return {Answer::kRefused, State::kRefused, Effect::kNone, shortage};
      return {Answer::kPrepared, State::kPrepared, Effect::kHold};
    case State::kPrepared:
      return {Answer::kPrepared, state};
    case State::kRefused:
      return {Answer::kRefused, state};
    case State::kCommitted:
      return {Answer::kCommitted, state};
    case State::kAborted:
      return {Answer::kAborted, state};
  }
  BOOKSTORE_CHECK(false, "no such state");
}

Decision commit(State state) {
  switch (state) {
    case State::kNone:
      return {Answer::kContradiction, state, Effect::kNone, "unknown_order"};
    case State::kPrepared:
      return {Answer::kCommitted, State::kCommitted, Effect::kConsume};
    case State::kRefused:
      return {Answer::kContradiction, state, Effect::kNone, "was_refused"};
    case State::kCommitted:
      return {Answer::kCommitted, state};
    case State::kAborted:
      return {Answer::kContradiction, state, Effect::kNone, "was_aborted"};
  }
  BOOKSTORE_CHECK(false, "no such state");
}

Decision abort(State state) {
  switch (state) {
    case State::kNone:
      return {Answer::kAborted, State::kAborted};
    case State::kPrepared:
      return {Answer::kAborted, State::kAborted, Effect::kRelease};
    case State::kRefused:
    case State::kAborted:
      return {Answer::kAborted, state};
    case State::kCommitted:
      return {Answer::kContradiction, state, Effect::kNone, "was_committed"};
  }
  BOOKSTORE_CHECK(false, "no such state");
}

}  // namespace

Decision decide(State state, Ask ask, std::string_view shortage) {
  switch (ask) {
    case Ask::kPrepare:
      return prepare(state, shortage);
    case Ask::kCommit:
      return commit(state);
    case Ask::kAbort:
      return abort(state);
  }
  BOOKSTORE_CHECK(false, "no such ask");
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

std::optional<State> state_named(std::string_view name) {
  for (size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<State>(i);
  }
  return std::nullopt;
}

}  // namespace bookstore::inventory
