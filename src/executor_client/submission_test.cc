#include "executor_client/submission.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace bookstore::executor_client {
namespace {

using Answer = Submission::Answer;
using Kind = Submission::Step::Kind;
using Step = Submission::Step;

constexpr base::SteadyMs kStart = 1'000;
constexpr Submission::Config kThree{.members = 3, .deadline_ms = kStart + 2'000};
constexpr Submission::Config kAlone{.members = 1, .deadline_ms = kStart + 2'000};

std::vector<std::optional<Submission::Probe>> nobody(size_t members) {
  return std::vector<std::optional<Submission::Probe>>(members);
}

TEST(Submission, AFreshLeaderIsGivenTheOrderWithoutAProbe) {
  Submission submission(kThree);
  const Step step = submission.start(2, kStart);
  EXPECT_EQ(step.kind, Kind::kSubmit);
  EXPECT_EQ(step.member, 2u);
  EXPECT_EQ(submission.submitted(Answer::kAccepted, {}, kStart + 5).kind, Kind::kAccepted);
}

TEST(Submission, OfTwoThatClaimToLeadTheHigherTermIsBelieved) {
  Submission submission(kThree);
  ASSERT_EQ(submission.start({}, kStart).kind, Kind::kProbe);
  const Step step = submission.probed(
      {Submission::Probe{true, 4}, Submission::Probe{true, 7}, std::nullopt}, kStart + 1);
  EXPECT_EQ(step.kind, Kind::kSubmit);
  EXPECT_EQ(step.member, 1u);
}

TEST(Submission, WithoutALeaderItLooksForOneElectionAndThenRefuses) {
  Submission submission(kThree);
  base::SteadyMs now_ms = kStart;
  Step step = submission.start({}, now_ms);
  int probes = 0;
  while (!step.final()) {
    if (step.kind == Kind::kProbe) {
      ++probes;
      step = submission.probed(nobody(3), now_ms);
    } else {
      ASSERT_EQ(step.kind, Kind::kPause);
      ASSERT_GT(step.pause_ms, 0);
      now_ms += step.pause_ms;
      step = submission.paused(now_ms);
    }
  }
  EXPECT_EQ(step.kind, Kind::kRefused);
  EXPECT_EQ(step.refusal, "no_leader");
  EXPECT_EQ(now_ms, kStart + 700);
  EXPECT_GE(probes, 5);
  EXPECT_LE(probes, 10) << "pauses grow";
}

TEST(Submission, FollowsAHintOnceAndNotInACircle) {
  Submission submission(kThree);
  ASSERT_EQ(submission.start(0, kStart).kind, Kind::kSubmit);
  const Step hinted = submission.submitted(Answer::kNotLeader, 1, kStart);
  ASSERT_EQ(hinted.kind, Kind::kSubmit);
  EXPECT_EQ(hinted.member, 1u);
  EXPECT_EQ(submission.submitted(Answer::kNotLeader, 0, kStart).kind, Kind::kPause);
  EXPECT_EQ(submission.paused(kStart + 20).kind, Kind::kProbe);
}

TEST(Submission, AHintThatNamesNoMemberIsNoHint) {
  Submission submission(kThree);
  submission.start(0, kStart);
  EXPECT_EQ(submission.submitted(Answer::kNotLeader, 3, kStart).kind, Kind::kPause);
}

TEST(Submission, AFullQueueAndAnExpiredOrderAreFinal) {
  for (const auto& [answer, refusal] :
       {std::pair{Answer::kQueueFull, "queue_full"}, std::pair{Answer::kExpired, "expired"}}) {
    Submission submission(kThree);
    submission.start(0, kStart);
    const Step step = submission.submitted(answer, {}, kStart);
    EXPECT_EQ(step.kind, Kind::kRefused);
    EXPECT_EQ(step.refusal, refusal);
  }
}

TEST(Submission, ASkewedClockIsFinalAloneAndAReasonToLookElsewhereInACluster) {
  Submission alone(kAlone);
  alone.start(0, kStart);
  const Step step = alone.submitted(Answer::kClockSkew, {}, kStart);
  EXPECT_EQ(step.kind, Kind::kRefused);
  EXPECT_EQ(step.refusal, "clock_skew");
  Submission cluster(kThree);
  cluster.start(0, kStart);
  EXPECT_EQ(cluster.submitted(Answer::kClockSkew, {}, kStart).kind, Kind::kPause);
}

TEST(Submission, AnUnansweredSubmitIsAskedForUntilTheDeadlineAndThenUnknown) {
  Submission submission(kThree);
  base::SteadyMs now_ms = kStart;
  submission.start(0, now_ms);
  Step step = submission.submitted(std::nullopt, {}, now_ms);
  while (!step.final()) {
    if (step.kind == Kind::kAsk) {
      step = submission.asked(false, now_ms);
    } else {
      ASSERT_EQ(step.kind, Kind::kPause);
      now_ms += step.pause_ms;
      step = submission.paused(now_ms);
    }
  }
  EXPECT_EQ(step.kind, Kind::kUnknown);
  EXPECT_EQ(now_ms, kThree.deadline_ms);
}

TEST(Submission, AnUnansweredSubmitThatTheMachineHasIsKnown) {
  Submission submission(kThree);
  submission.start(0, kStart);
  ASSERT_EQ(submission.submitted(std::nullopt, {}, kStart).kind, Kind::kAsk);
  ASSERT_EQ(submission.asked(false, kStart).kind, Kind::kPause);
  ASSERT_EQ(submission.paused(kStart + 20).kind, Kind::kAsk);
  EXPECT_EQ(submission.asked(true, kStart + 25).kind, Kind::kKnown);
}

TEST(Submission, GivingUpWhileASubmitIsInFlightIsUnknownAndBeforeItRefused) {
  Submission submission(kThree);
  submission.start({}, kStart);
  EXPECT_EQ(submission.stopped().kind, Kind::kRefused);
  submission.probed({Submission::Probe{true, 1}, std::nullopt, std::nullopt}, kStart);
  EXPECT_EQ(submission.stopped().kind, Kind::kUnknown);
}

// Against an executor that does anything at any time: a refusal is never said after a Submit that
// nobody answered, no Submit is started after it, and there is always an end by the deadline.
TEST(Submission, NeverRefusesWhatMayHaveHappened) {
  constexpr Answer kAnswers[] = {Answer::kAccepted,  Answer::kKnown,     Answer::kNotLeader,
                                 Answer::kNotLeader, Answer::kNotLeader, Answer::kQueueFull,
                                 Answer::kExpired,   Answer::kClockSkew};
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    base::SeededRandom random(seed);
    const auto chance = [&](uint64_t percent) { return random.below(100) < percent; };
    const size_t members = 1 + random.below(5);
    const Submission::Config config{
        .members = members,
        .deadline_ms = kStart + static_cast<base::SteadyMs>(random.below(1'500))};
    Submission submission(config);
    base::SteadyMs now_ms = kStart;
    bool unanswered = false;
    Step step = submission.start(
        chance(50) ? std::optional<size_t>(random.below(members)) : std::nullopt, now_ms);
    int steps = 0;
    while (!step.final()) {
      ASSERT_LT(++steps, 2'000) << "seed " << seed;
      now_ms += static_cast<base::SteadyMs>(random.below(30));
      switch (step.kind) {
        case Kind::kProbe: {
          auto probes = nobody(members);
          for (auto& probe : probes) {
            if (chance(60)) probe = Submission::Probe{chance(40), random.below(5)};
          }
          step = submission.probed(probes, now_ms);
          break;
        }
        case Kind::kSubmit: {
          ASSERT_FALSE(unanswered) << "seed " << seed;
          ASSERT_LT(step.member, members);
          if (chance(20)) {
            step = submission.not_sent(now_ms);
          } else if (chance(30)) {
            unanswered = true;
            step = submission.submitted(std::nullopt, {}, now_ms);
          } else {
            step = submission.submitted(kAnswers[random.below(std::size(kAnswers))],
                                        random.below(members + 1), now_ms);
          }
          break;
        }
        case Kind::kAsk:
          step = submission.asked(chance(10), now_ms);
          break;
        default:
          now_ms += step.pause_ms;
          step = submission.paused(now_ms);
      }
    }
    ASSERT_FALSE(unanswered && step.kind == Kind::kRefused) << "seed " << seed;
    ASSERT_FALSE(!unanswered && step.kind == Kind::kUnknown) << "seed " << seed;
    ASSERT_EQ(step.kind == Kind::kRefused, !step.refusal.empty());
  }
}

}  // namespace
}  // namespace bookstore::executor_client
