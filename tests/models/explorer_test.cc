// The explorer itself, on models whose answers are known.
#include "tests/models/explorer.h"

#include <gtest/gtest.h>

namespace bookstore::models {
namespace {

// Two people share a dish of n sweets and a bowl for peelings. Moves: take one; take two; spill.
struct Sweets {
  struct State {
    int left = 0;
    int spilled = 0;
  };
  int n = 10;
  int forbidden = -1;      // a number of sweets that must never be left
  bool can_stick = false;  // after a spill nothing moves

  State initial() const { return {n, 0}; }
  template <class Emit>
  void successors(const State& state, Emit emit) {
    if (can_stick && state.spilled > 0) return;
    for (int take = 1; take <= 2; ++take) {
      if (state.left < take) continue;
      emit(State{state.left - take, state.spilled}, false,
           [&] { return "take " + std::to_string(take); });
    }
    if (state.spilled < 1) {
      emit(State{state.left, state.spilled + 1}, true, [] { return std::string("spill"); });
    }
  }
  void canonical(const State& state, std::string& bytes) const {
    bytes += std::to_string(state.left) + "/" + std::to_string(state.spilled);
  }
  const char* violated(const State& state) const {
    return state.left == forbidden ? "forbidden number" : nullptr;
  }
  bool good(const State& state) const { return state.left == 0; }
};

TEST(Explorer, SeesEveryStateOnceAndCountsEveryMove) {
  Sweets sweets;
  const Report report = Explorer(sweets, {}).run();
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.violated, "");
  EXPECT_EQ(report.states, 22u);  // 0..10 left, spilled or not
  EXPECT_EQ(report.transitions, 2u * 19 + 11);
}

TEST(Explorer, ACounterexampleIsAShortestOne) {
  Sweets sweets;
  sweets.forbidden = 5;
  const Report report = Explorer(sweets, {}).run();
  EXPECT_EQ(report.violated, "forbidden number");
  EXPECT_FALSE(report.complete);
  ASSERT_EQ(report.trace.size(), 3u);
  EXPECT_EQ(std::count(report.trace.begin(), report.trace.end(), "  take 2"), 2);
}

TEST(Explorer, FindsAStateFromWhichNothingEndsWell) {
  Sweets sweets;
  sweets.can_stick = true;
  const Report report = Explorer(sweets, {}).run();
  EXPECT_EQ(report.violated, kNoGoodEnd);
  EXPECT_EQ(report.trace, std::vector<std::string>{"! spill"});
}

TEST(Explorer, AWayOutThatNeedsAFaultIsNone) {
  Sweets sweets;
  sweets.n = 3;
  struct OnlyBySpilling : Sweets {
    bool good(const State& state) const { return state.spilled == 1 && state.left == 3; }
  } model;
  model.n = 3;
  EXPECT_EQ(Explorer(model, {}).run().violated, kNoGoodEnd);
}

TEST(Explorer, SaysThatABoundStoppedIt) {
  Sweets sweets;
  sweets.n = 1'000'000;
  const Report report = Explorer(sweets, {.states_max = 1'000}).run();
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.violated, "");
  EXPECT_GE(report.states, 1'000u);
}

}  // namespace
}  // namespace bookstore::models
