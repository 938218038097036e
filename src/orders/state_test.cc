#include "orders/state.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/random.h"
#include "gtest/gtest.h"

namespace bookstore::orders {
namespace {

// The sentence of the design, written once more by hand: the table must say exactly this.
TEST(OrderStates, TheTableIsTheOneOfTheDesign) {
  const std::set<std::string> design = {
      "received>rejected",         "received>in_review",     "received>submitting",
      "in_review>submitting",      "in_review>rejected",     "submitting>accepted",
      "submitting>rejected",       "accepted>executing",     "accepted>canceled",
      "executing>completed",       "executing>failed",       "executing>needs_attention",
      "needs_attention>executing", "needs_attention>failed",
  };
  std::set<std::string> table;
  for (const Move& move : moves()) {
    table.insert(std::string(to_text(move.from)) + ">" + std::string(to_text(move.to)));
  }
  EXPECT_EQ(table, design);
  EXPECT_EQ(moves().size(), design.size()) << "a move is listed twice";
}

TEST(OrderStates, ExactlyFourStatesAreTerminal) {
  std::set<std::string_view> ends;
  for (const State state : kStates) {
    if (terminal(state)) ends.insert(to_text(state));
  }
  EXPECT_EQ(ends, (std::set<std::string_view>{"rejected", "completed", "failed", "canceled"}));
}

TEST(OrderStates, TextsRoundTripAndOthersAreRefused) {
  std::set<std::string_view> texts;
  for (const State state : kStates) {
    texts.insert(to_text(state));
    EXPECT_EQ(state_from_text(to_text(state)), state);
  }
  EXPECT_EQ(texts.size(), kStateCount);
  for (const char* wrong : {"", "Received", "accepted ", "unknown", "in-review"}) {
    EXPECT_EQ(state_from_text(wrong), std::nullopt) << wrong;
  }
}

TEST(OrderStates, APathIsExactlyWhatAWalkOfLegalMovesCanReach) {
  for (const State start : kStates) {
    std::set<State> reached;
    std::vector<State> open = {start};
    while (!open.empty()) {
      const State at = open.back();
      open.pop_back();
      for (const State next : kStates) {
        if (legal_move(at, next) && reached.insert(next).second) open.push_back(next);
      }
    }
    for (const State end : kStates) {
      EXPECT_EQ(legal_path(start, end), reached.contains(end))
          << to_text(start) << " to " << to_text(end);
    }
  }
}

TEST(OrderStates, EveryStateIsReachedAndEveryStateCanEnd) {
  for (const State state : kStates) {
    if (state != State::kReceived) {
      EXPECT_TRUE(legal_path(State::kReceived, state)) << to_text(state);
    }
    const bool can_end =
        terminal(state) || std::any_of(kStates.begin(), kStates.end(), [&](State end) {
          return terminal(end) && legal_path(state, end);
        });
    EXPECT_TRUE(can_end) << to_text(state);
  }
}

// Any interleaving of repeated, late and skipped transitions of one legal history leaves the row
// where the newest one puts it.
TEST(Projection, AnyOrderOfDeliveryEndsInTheNewestState) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    base::SeededRandom random(seed);
    std::vector<Projected> history;
    State at = State::kSubmitting;
    uint64_t index = 0;
    while (!terminal(at) && history.size() < 12) {
      std::vector<State> next;
      for (const State state : kStates) {
        if (legal_move(at, state) && state != State::kRejected) next.push_back(state);
      }
      at = next[random.below(next.size())];
      index += 1 + random.below(5);
      history.push_back({at, index});
    }

    Projected row{State::kSubmitting, 0};
    uint64_t newest = 0;
    for (int delivery = 0; delivery < 40; ++delivery) {
      const Projected& transition = history[random.below(history.size())];
      const Projection verdict = judge_projection(row, transition);
      if (transition.executor_index > newest) {
        ASSERT_EQ(verdict, Projection::kApply) << "seed " << seed;
        newest = transition.executor_index;
        row = transition;
      } else {
        ASSERT_EQ(verdict,
                  transition.executor_index == newest ? Projection::kKnown : Projection::kOlder)
            << "seed " << seed;
      }
    }
  }
}

TEST(Projection, ATerminalRowIsNeverLeft) {
  for (const State end : kStates) {
    if (!terminal(end)) continue;
    for (const State to : kStates) {
      EXPECT_EQ(judge_projection({end, 7}, {to, 8}), Projection::kIllegal)
          << to_text(end) << " to " << to_text(to);
    }
  }
}

TEST(Projection, TwoStatesUnderOneIndexAreRefused) {
  EXPECT_EQ(judge_projection({State::kExecuting, 7}, {State::kCompleted, 7}), Projection::kIllegal);
}

TEST(OrderStates, TheSqlTextListsExactlyThePaths) {
  std::set<std::string> texts(paths_text().begin(), paths_text().end());
  for (const State from : kStates) {
    for (const State to : kStates) {
      const std::string text = std::string(to_text(from)) + ">" + std::string(to_text(to));
      EXPECT_EQ(texts.contains(text), legal_path(from, to)) << text;
    }
  }
}

TEST(OrderStates, TheDrawingShowsEveryMoveOnceAndNothingElse) {
  const std::string drawing = mermaid();
  size_t arrows = 0;
  for (size_t at = drawing.find("-->"); at != std::string::npos; at = drawing.find("-->", at + 1)) {
    ++arrows;
  }
  EXPECT_EQ(arrows, moves().size() + 1 + 4) << "moves, the start, and four ends";
  for (const Move& move : moves()) {
    const std::string line =
        "  " + std::string(to_text(move.from)) + " --> " + std::string(to_text(move.to)) + "\n";
    EXPECT_NE(drawing.find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace bookstore::orders
