#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// The states of an order and the moves between them: the one table of the house. The orchestrator,
// the executor's projection, the SQL (which is given paths_text()) and the drawing in
// docs/ARCHITECTURE.md (mermaid()) all read it here.
namespace bookstore::orders {

enum class State : uint8_t {
  kReceived,        // claimed and priced; being checked
  kRejected,        // terminal: a verdict, or a reason that frees the key (the reason says which)
  kInReview,        // a person decides; uncharged
  kSubmitting,      // the outcome is durable; the executor may or may not know it
  kAccepted,        // in the executor's log: it will be executed exactly once
  kExecuting,       // begun at the participants
  kCompleted,       // terminal: captured and consumed
  kFailed,          // terminal: nothing charged, stock returned
  kNeedsAttention,  // parked with a reason for an operator
  kCanceled,        // terminal: canceled before it was begun
};
inline constexpr size_t kStateCount = 10;

inline constexpr std::array<State, kStateCount> kStates = {
    State::kReceived,       State::kRejected,  State::kInReview,  State::kSubmitting,
    State::kAccepted,       State::kExecuting, State::kCompleted, State::kFailed,
    State::kNeedsAttention, State::kCanceled};

struct Move {
  State from;
  State to;
  friend bool operator==(const Move&, const Move&) = default;
};

// Every legal single move, in the order of an order's life.
std::span<const Move> moves();
bool legal_move(State from, State to);

// True when one or more legal moves lead from `from` to `to`. Not reflexive, but executing and
// needs_attention lead back to themselves.
bool legal_path(State from, State to);

// No move leaves it.
bool terminal(State state);

// "received", "in_review", …: the form of rows, JSON and docs.
std::string_view to_text(State state);
std::optional<State> state_from_text(std::string_view text);

// What a projected transition (a state of the executor and the log index that made it) does to a
// row. An older index never overwrites a newer one, a terminal state is never left, and several
// moves at once are legal where the table has a path.
enum class Projection {
  kApply,    // the row takes the state and the index
  kKnown,    // the row has this index already, with this state
  kOlder,    // the row is ahead
  kIllegal,  // no path: refused and counted; in tests a failed CHECK
};
struct Projected {
  State state;
  uint64_t executor_index = 0;  // 0: the row was never projected
};
Projection judge_projection(const Projected& row, const Projected& transition);

// "submitting>accepted" for every pair with a path, for SQL that must agree with this table.
std::span<const std::string> paths_text();

// The table as a Mermaid stateDiagram-v2, byte for byte what docs/ARCHITECTURE.md shows.
std::string mermaid();

}  // namespace bookstore::orders
