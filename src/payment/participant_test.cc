#include "payment/participant.h"

#include <gtest/gtest.h>

#include <set>

namespace bookstore::payment {
namespace {

constexpr State kStates[] = {State::kNone,           State::kPreparing,  State::kPrepared,
                             State::kRefused,        State::kCommitting, State::kCommitted,
                             State::kCaptureRefused, State::kAborting,   State::kAborted};
constexpr Ask kAsks[] = {Ask::kPrepare, Ask::kCommit, Ask::kAbort};
constexpr Outcome kOutcomes[] = {Outcome::kUnknown, Outcome::kApproved,  Outcome::kDeclined,
                                 Outcome::kClosed,  Outcome::kNotNeeded, Outcome::kDiffers};

// Every call under every circumstance.
template <class Check>
void for_each_call(Check check) {
  for (const State state : kStates) {
    for (const Ask ask : kAsks) {
      for (const std::string_view refusal : {"", "unknown_token"}) {
        for (const bool same : {true, false}) {
          check(state, ask, decide(state, ask, {refusal, same}));
        }
      }
    }
  }
}

std::vector<Facts> all_facts() {
  std::vector<Facts> all;
  for (const Outcome authorise : kOutcomes) {
    for (const Outcome capture : kOutcomes) {
      for (const Outcome cancel : kOutcomes) {
        for (const Outcome void_ : kOutcomes) all.push_back({authorise, capture, cancel, void_});
      }
    }
  }
  return all;
}

TEST(PaymentParticipant, PendingMeansWorkAndNothingElseDoes) {
  for_each_call([](State, Ask, const Decision& decision) {
    EXPECT_EQ(decision.answer == Answer::kPending, decision.work != Work::kNone);
  });
}

TEST(PaymentParticipant, NothingLeavesATerminalState) {
  for (const State end : {State::kRefused, State::kCommitted, State::kAborted}) {
    for_each_call([&](State state, Ask, const Decision& decision) {
      EXPECT_TRUE(state != end || decision.next == end);
    });
    for (const Facts& facts : all_facts()) EXPECT_EQ(learn(end, facts), end);
  }
}

TEST(PaymentParticipant, AContradictionMovesNothing) {
  for_each_call([](State state, Ask, const Decision& decision) {
    if (decision.answer != Answer::kContradiction) return;
    EXPECT_EQ(decision.next, state);
    EXPECT_FALSE(decision.reason.empty());
  });
}

TEST(PaymentParticipant, WhatMayBeCapturedIsNeverVoidedAndTheOtherWayRound) {
  // From the moment a capture may have gone out until it was refused, Abort is a contradiction;
  // from the moment a void may have gone out, Commit is one.
  for (const State state : {State::kCommitting, State::kCommitted}) {
    EXPECT_EQ(decide(state, Ask::kAbort).answer, Answer::kContradiction);
  }
  for (const State state : {State::kAborting, State::kAborted, State::kRefused, State::kNone,
                            State::kPreparing, State::kCaptureRefused}) {
    EXPECT_EQ(decide(state, Ask::kCommit).answer, Answer::kContradiction);
  }
  EXPECT_EQ(decide(State::kCaptureRefused, Ask::kAbort).work, Work::kCancelAndVoid);
}

TEST(PaymentParticipant, AnotherAmountIsNeverCaptured) {
  for (const State state : {State::kPrepared, State::kCommitting, State::kCommitted}) {
    const Decision decision = decide(state, Ask::kCommit, {.same_payment = false});
    EXPECT_EQ(decision.answer, Answer::kContradiction);
    EXPECT_EQ(decision.reason, "amount_differs");
    EXPECT_EQ(decision.next, state);
  }
}

TEST(PaymentParticipant, NothingIsBuiltOnWhatTheProviderDidOtherwiseThanAsked) {
  const Decision prepare =
      decide(State::kPreparing, Ask::kPrepare, {.facts = {.authorise = Outcome::kDiffers}});
  EXPECT_EQ(prepare.answer, Answer::kContradiction);
  EXPECT_EQ(prepare.reason, "amount_differs");
  // It can be given up, and only that.
  EXPECT_EQ(
      decide(State::kPreparing, Ask::kCommit, {.facts = {.authorise = Outcome::kDiffers}}).answer,
      Answer::kContradiction);
  EXPECT_EQ(
      decide(State::kPreparing, Ask::kAbort, {.facts = {.authorise = Outcome::kDiffers}}).work,
      Work::kCancelAndVoid);
  // What was captured stays: a person must look.
  for (const Ask ask : {Ask::kCommit, Ask::kAbort}) {
    EXPECT_EQ(decide(State::kCommitting, ask, {.facts = {.capture = Outcome::kDiffers}}).answer,
              Answer::kContradiction);
  }
  EXPECT_EQ(decide(State::kAborting, Ask::kAbort, {.facts = {.void_ = Outcome::kDeclined}}).reason,
            "void_refused");
}

TEST(PaymentParticipant, AskingAgainAnswersAgain) {
  for_each_call([](State state, Ask ask, const Decision& first) {
    if (first.next == State::kNone || first.answer == Answer::kContradiction) return;
    const Decision second = decide(first.next, ask);
    EXPECT_EQ(second.answer, first.answer) << name_of(state);
    EXPECT_EQ(second.next, first.next) << name_of(state);
    EXPECT_EQ(second.work, first.work) << name_of(state);
  });
}

TEST(PaymentParticipant, AbortIsAcknowledgedOnlyWhenTheKeyIsClosedAndNothingIsLeft) {
  for (const Facts& facts : all_facts()) {
    const bool left = facts.void_ != Outcome::kApproved && facts.void_ != Outcome::kNotNeeded;
    const bool done = facts.cancel == Outcome::kClosed && !left;
    EXPECT_EQ(learn(State::kAborting, facts) == State::kAborted, done);
  }
}

TEST(PaymentParticipant, FactsAndCallsTogetherMakeEveryMoveOfALife) {
  // A call takes facts up and then decides, in one write: these pairs are what a row may do.
  std::set<std::pair<std::string_view, std::string_view>> moves;
  for (const State state : kStates) {
    for (const Facts& facts : all_facts()) {
      const State learned = learn(state, facts);
      if (learned != state) moves.emplace(name_of(state), name_of(learned));
      for (const Ask ask : kAsks) {
        const Decision decision = decide(state, ask, {.facts = facts});
        EXPECT_EQ(decision.learned, learned);
        const State next = decision.next;
        if (next != state && state != State::kNone) moves.emplace(name_of(state), name_of(next));
      }
    }
  }
  const std::set<std::pair<std::string_view, std::string_view>> expected = {
      {"preparing", "prepared"},   {"preparing", "refused"},
      {"preparing", "committing"}, {"preparing", "aborting"},
      {"prepared", "committing"},  {"prepared", "aborting"},
      {"committing", "committed"}, {"committing", "capture_refused"},
      {"committing", "aborting"},  {"capture_refused", "aborting"},
      {"aborting", "aborted"}};
  EXPECT_EQ(moves, expected);
}

TEST(PaymentParticipant, NamesAreReadBack) {
  for (const State state : kStates) EXPECT_EQ(state_named(name_of(state)), state);
  for (const Outcome outcome : kOutcomes) EXPECT_EQ(outcome_named(name_of(outcome)), outcome);
  EXPECT_EQ(state_named("paid"), std::nullopt);
}

}  // namespace
}  // namespace bookstore::payment
