#include "orders/state.h"

#include <vector>

#include "base/check.h"

namespace bookstore::orders {
namespace {

constexpr Move kMoves[] = {
    {State::kReceived, State::kRejected},        {State::kReceived, State::kInReview},
    {State::kReceived, State::kSubmitting},      {State::kInReview, State::kSubmitting},
    {State::kInReview, State::kRejected},        {State::kSubmitting, State::kAccepted},
    {State::kSubmitting, State::kRejected},  // no_leader, queue_full, expired
    {State::kAccepted, State::kExecuting},       {State::kAccepted, State::kCanceled},
    {State::kExecuting, State::kCompleted},      {State::kExecuting, State::kFailed},
    {State::kExecuting, State::kNeedsAttention}, {State::kNeedsAttention, State::kExecuting},
    {State::kNeedsAttention, State::kFailed},
};

constexpr std::string_view kTexts[kStateCount] = {
    "received",  "rejected",  "in_review", "submitting",      "accepted",
    "executing", "completed", "failed",    "needs_attention", "canceled",
};

constexpr size_t index_of(State state) {
  return static_cast<size_t>(state);
}

using Reach = std::array<std::array<bool, kStateCount>, kStateCount>;

// Transitive closure (Warshall 1962) of the moves.
constexpr Reach closure() {
  Reach reach{};
  for (const Move& move : kMoves) reach[index_of(move.from)][index_of(move.to)] = true;
  for (size_t via = 0; via < kStateCount; ++via) {
    for (size_t from = 0; from < kStateCount; ++from) {
      for (size_t to = 0; to < kStateCount; ++to) {
        if (reach[from][via] && reach[via][to]) reach[from][to] = true;
      }
    }
  }
  return reach;
}
constexpr Reach kReach = closure();

}  // namespace

std::span<const Move> moves() {
  return kMoves;
}

bool legal_move(State from, State to) {
  for (const Move& move : kMoves) {
    if (move.from == from && move.to == to) return true;
  }
  return false;
}

bool legal_path(State from, State to) {
  return kReach[index_of(from)][index_of(to)];
}

bool terminal(State state) {
  for (const Move& move : kMoves) {
    if (move.from == state) return false;
  }
  return true;
}

std::string_view to_text(State state) {
  BOOKSTORE_CHECK(index_of(state) < kStateCount, "state ", static_cast<int>(state));
  return kTexts[index_of(state)];
}

std::optional<State> state_from_text(std::string_view text) {
  for (const State state : kStates) {
    if (kTexts[index_of(state)] == text) return state;
  }
  return std::nullopt;
}

Projection judge_projection(const Projected& row, const Projected& transition) {
  if (transition.executor_index < row.executor_index) return Projection::kOlder;
  if (transition.executor_index == row.executor_index && transition.state == row.state) {
    return Projection::kKnown;
  }
  // One index makes one state: another state under the same index is somebody's bug.
  if (transition.executor_index == row.executor_index) return Projection::kIllegal;
  // The answer path writes `accepted` with the index of the Submit; a projection may tell the row
  // its own state again under a later index only where the table leads back to it.
  return legal_path(row.state, transition.state) ? Projection::kApply : Projection::kIllegal;
}

std::span<const std::string> paths_text() {
  static const std::vector<std::string> kPaths = [] {
    std::vector<std::string> paths;
    for (const State from : kStates) {
      for (const State to : kStates) {
        if (!legal_path(from, to)) continue;
        paths.push_back(std::string(to_text(from)) + ">" + std::string(to_text(to)));
      }
    }
    return paths;
  }();
  return kPaths;
}

std::string mermaid() {
  std::string drawing = "stateDiagram-v2\n  [*] --> received\n";
  for (const Move& move : kMoves) {
    drawing.append("  ").append(to_text(move.from)).append(" --> ").append(to_text(move.to));
    drawing.append("\n");
  }
  for (const State state : kStates) {
    if (terminal(state)) drawing.append("  ").append(to_text(state)).append(" --> [*]\n");
  }
  return drawing;
}

}  // namespace bookstore::orders
