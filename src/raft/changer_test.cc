#include "raft/changer.h"

#include "base/random.h"
#include "gtest/gtest.h"

namespace bookstore::raft {
namespace {

Tracker tracker_with(const ConfState& state) {
  Tracker tracker{Inflights(8, 0)};
  ChangedConfiguration to = Changer(tracker, 10).restore(state);
  tracker.install(std::move(to.config), std::move(to.progress));
  return tracker;
}

void take(Tracker& tracker, ChangeResult result) {
  ASSERT_TRUE(std::holds_alternative<ChangedConfiguration>(result))
      << std::get<std::string>(result);
  auto& to = std::get<ChangedConfiguration>(result);
  tracker.install(std::move(to.config), std::move(to.progress));
}

std::vector<NodeChange> some_changes(base::Random& random) {
  std::vector<NodeChange> changes;
  for (uint64_t n = random.below(6); n > 0; --n) {
    changes.push_back({static_cast<ConfChangeKind>(random.below(4)), random.below(7)});
  }
  return changes;
}

// One joint step and the same changes made one by one end in the same configuration, whenever
// both are allowed.
TEST(Changer, AJointStepEndsWhereSingleStepsEnd) {
  base::SeededRandom random(3);
  int compared = 0;
  for (int round = 0; round < 3'000; ++round) {
    Tracker joint = tracker_with({{1, 2, 3}, {}, {4}, {}, false});
    Tracker single = joint;
    const std::vector<NodeChange> changes = some_changes(random);
    ChangeResult entered = Changer(joint, 20).enter_joint(false, changes);
    if (!std::holds_alternative<ChangedConfiguration>(entered)) continue;
    take(joint, std::move(entered));
    take(joint, Changer(joint, 20).leave_joint());
    bool allowed = true;
    for (const NodeChange& change : changes) {
      ChangeResult step = Changer(single, 20).simple({change});
      allowed = std::holds_alternative<ChangedConfiguration>(step);
      if (!allowed) break;  // it would have removed the last voter on the way
      take(single, std::move(step));
    }
    if (!allowed) continue;
    ++compared;
    ASSERT_EQ(joint.config(), single.config()) << to_string(changes);
  }
  EXPECT_GT(compared, 1'000);
}

TEST(Changer, AnyConfigurationSurvivesItsSnapshot) {
  base::SeededRandom random(4);
  for (int round = 0; round < 3'000; ++round) {
    Tracker tracker = tracker_with({{1, 2, 3, 4}, {}, {5}, {}, false});
    ChangeResult entered =
        Changer(tracker, 20).enter_joint(random.below(2) == 0, some_changes(random));
    if (!std::holds_alternative<ChangedConfiguration>(entered)) continue;
    take(tracker, std::move(entered));
    const ConfState state = tracker.config().state();
    const Tracker restored = tracker_with(state);
    ASSERT_EQ(restored.config(), tracker.config()) << state.to_string();
  }
}

TEST(Changer, ADemotedVoterVotesInTheOutgoingHalfUntilItIsLeft) {
  Tracker tracker = tracker_with({{1, 2, 3}, {}, {}, {}, false});
  take(tracker, Changer(tracker, 20).enter_joint(true, *parse_changes("l1 v4")));
  EXPECT_EQ(tracker.config().to_string(), "voters=(2 3 4)&&(1 2 3) learners_next=(1) autoleave");
  EXPECT_FALSE(tracker.find(1)->is_learner);
  take(tracker, Changer(tracker, 20).leave_joint());
  EXPECT_EQ(tracker.config().to_string(), "voters=(2 3 4) learners=(1)");
  EXPECT_TRUE(tracker.find(1)->is_learner);
}

TEST(ConfChange, SurvivesItsBytesAndRefusesDamage) {
  const ConfChange change{Transition::kExplicit, *parse_changes("v1 l2 r300 u4"), "who asked"};
  const std::string bytes = change.encode();
  EXPECT_EQ(ConfChange::decode(bytes), change);
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(ConfChange::decode(bytes.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(ConfChange{}.encode(), "");
  EXPECT_TRUE(ConfChange::decode("")->leaves_joint());
}

TEST(ConfChange, MoreThanOneChangeNeedsAJointStep) {
  EXPECT_EQ((ConfChange{Transition::kAuto, *parse_changes("v1"), ""}).enters_joint(), std::nullopt);
  EXPECT_EQ((ConfChange{Transition::kAuto, *parse_changes("v1 v2"), ""}).enters_joint(), true);
  EXPECT_EQ((ConfChange{Transition::kImplicit, *parse_changes("v1"), ""}).enters_joint(), true);
  EXPECT_EQ((ConfChange{Transition::kExplicit, {}, ""}).enters_joint(), false);
}

TEST(ConfChange, ParsesWhatItPrintsAndNothingElse) {
  EXPECT_EQ(to_string(*parse_changes(" v1  l2\nr3 u4 ")), "v1 l2 r3 u4");
  EXPECT_EQ(parse_changes("v"), std::nullopt);
  EXPECT_EQ(parse_changes("x1"), std::nullopt);
  EXPECT_EQ(parse_changes("v1x"), std::nullopt);
}

}  // namespace
}  // namespace bookstore::raft
