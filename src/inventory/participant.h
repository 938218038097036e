#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace bookstore::inventory {

// What an order's row says; kNone is no row.
enum class State { kNone, kPrepared, kRefused, kCommitted, kAborted };
// What the coordinator asks of it.
enum class Ask { kPrepare, kCommit, kAbort };
enum class Answer { kPrepared, kRefused, kCommitted, kAborted, kStaleFence, kContradiction };
inline constexpr std::array kAnswers = {Answer::kPrepared,   Answer::kRefused,
                                        Answer::kCommitted,  Answer::kAborted,
                                        Answer::kStaleFence, Answer::kContradiction};
// What the move does to the stock.
enum class Effect { kNone, kHold, kConsume, kRelease };

struct Decision {
  Answer answer;
  State next;  // equal to the state before when nothing moves
  Effect effect = Effect::kNone;
  std::string_view reason = {};  // of a refusal that is new, or of a contradiction
};

// The transition table, the only one: none → prepared | refused; prepared → committed | aborted;
// Abort of an unknown order is remembered as aborted. Asking again gives the answer again; Abort
// of a refused order is acknowledged as aborted and leaves the refusal. What can never be (Commit
// of what was not prepared, Abort of what was committed) is a contradiction and changes nothing.
// `shortage` says why the stock does not suffice, empty when it does; read for a new Prepare only.
Decision decide(State state, Ask ask, std::string_view shortage);

std::string_view name_of(State state);
std::string_view name_of(Ask ask);
std::string_view name_of(Answer answer);
std::optional<State> state_named(std::string_view name);

}  // namespace bookstore::inventory
