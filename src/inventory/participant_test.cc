#include "inventory/participant.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "inventory/stock.h"

namespace bookstore::inventory {
namespace {

constexpr State kStates[] = {State::kNone, State::kPrepared, State::kRefused, State::kCommitted,
                             State::kAborted};
constexpr Ask kAsks[] = {Ask::kPrepare, Ask::kCommit, Ask::kAbort};
constexpr std::string_view kShortages[] = {"", "out_of_stock"};

bool terminal(State state) {
  return state == State::kRefused || state == State::kCommitted || state == State::kAborted;
}

TEST(Participant, NothingLeavesATerminalState) {
  for (const State state : kStates) {
    for (const Ask ask : kAsks) {
      for (const auto shortage : kShortages) {
        const Decision decision = decide(state, ask, shortage);
        if (!terminal(state)) continue;
        EXPECT_EQ(decision.next, state);
        EXPECT_EQ(decision.effect, Effect::kNone);
      }
    }
  }
}

TEST(Participant, AskingAgainAnswersAgainAndDoesNothing) {
  for (const State state : kStates) {
    for (const Ask ask : kAsks) {
      for (const auto shortage : kShortages) {
        const Decision first = decide(state, ask, shortage);
        for (const auto later : kShortages) {
          const Decision second = decide(first.next, ask, later);
          if (first.next == State::kNone) continue;  // a contradiction about an unknown order
          EXPECT_EQ(second.answer, first.answer);
          EXPECT_EQ(second.next, first.next);
          EXPECT_EQ(second.effect, Effect::kNone);
        }
      }
    }
  }
}

TEST(Participant, StockMovesExactlyWithTheState) {
  const std::map<std::pair<State, State>, Effect> moves = {
      {{State::kNone, State::kPrepared}, Effect::kHold},
      {{State::kNone, State::kRefused}, Effect::kNone},
      {{State::kNone, State::kAborted}, Effect::kNone},
      {{State::kPrepared, State::kCommitted}, Effect::kConsume},
      {{State::kPrepared, State::kAborted}, Effect::kRelease}};
  for (const State state : kStates) {
    for (const Ask ask : kAsks) {
      for (const auto shortage : kShortages) {
        const Decision decision = decide(state, ask, shortage);
        if (decision.next == state) {
          EXPECT_EQ(decision.effect, Effect::kNone);
        } else {
          ASSERT_TRUE(moves.contains({state, decision.next}));
          EXPECT_EQ(decision.effect, moves.at({state, decision.next}));
        }
      }
    }
  }
}

TEST(Participant, WhatCanNeverBeIsAContradiction) {
  for (const State state : {State::kNone, State::kRefused, State::kAborted}) {
    EXPECT_EQ(decide(state, Ask::kCommit, "").answer, Answer::kContradiction);
  }
  EXPECT_EQ(decide(State::kCommitted, Ask::kAbort, "").answer, Answer::kContradiction);
  EXPECT_EQ(decide(State::kAborted, Ask::kPrepare, "").answer, Answer::kAborted);
}

TEST(Stock, AnOrderIsJudgedAgainstWhatThoseBeforeItLeft) {
  Stock stock;
  stock.add("emma", 3);
  stock.add("ulysses", 1);
  const std::vector<Line> first = {{"emma", 2}};
  EXPECT_EQ(stock.shortage(first), "");
  stock.apply(Effect::kHold, first);
  EXPECT_EQ(stock.shortage(std::vector<Line>{{"emma", 2}}), "out_of_stock");
  EXPECT_EQ(stock.shortage(std::vector<Line>{{"emma", 1}, {"ulysses", 1}}), "");
  EXPECT_EQ(stock.shortage(std::vector<Line>{{"ulysses", 1}, {"ulysses", 1}}), "out_of_stock");
  EXPECT_EQ(stock.shortage(std::vector<Line>{{"emma", 9}, {"walden", 1}}), "unknown_book");
}

RC_GTEST_PROP(Stock, HoldsThatFitNeverExceedWhatIsFree, ()) {
  const auto free = *rc::gen::inRange<int64_t>(0, 20);
  Stock stock;
  stock.add("emma", free);
  int64_t held = 0;
  const auto quantities = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange(1, 8));
  for (const int64_t quantity : quantities) {
    const std::vector<Line> lines = {{"emma", quantity}};
    const bool fits = free - held >= quantity;
    RC_ASSERT(stock.shortage(lines).empty() == fits);
    if (!fits) continue;
    stock.apply(Effect::kHold, lines);
    held += quantity;
  }
  RC_ASSERT(held <= free);
  RC_ASSERT((stock.deltas().empty() ? 0 : stock.deltas().at("emma").held) == held);
}

}  // namespace
}  // namespace bookstore::inventory
