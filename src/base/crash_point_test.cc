#include "base/crash_point.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <fstream>
#include <set>

namespace bookstore::base {
namespace {

constexpr CrashPoint kClaimBefore{DurableWrite::kClaim, CrashSide::kBefore};
constexpr CrashPoint kClaimAfter{DurableWrite::kClaim, CrashSide::kAfter};
constexpr CrashPoint kVaultAfter{DurableWrite::kVault, CrashSide::kAfter};

class CrashSwitchTest : public ::testing::Test {
 protected:
  CrashSwitchTest() {
    std::string folder = ::testing::TempDir() + "bookstore-crash-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  ~CrashSwitchTest() override { std::filesystem::remove_all(folder_); }

  void plan(const std::string& text) { std::ofstream(CrashSwitch::plan_file(folder_)) << text; }
  bool fired(size_t number) {
    return std::filesystem::exists(CrashSwitch::fired_file(folder_, number));
  }

  std::filesystem::path folder_;
};

TEST(CrashPoints, EachNameIsOnePoint) {
  std::set<std::string> names;
  for (const CrashPoint point : all_crash_points()) {
    EXPECT_TRUE(names.insert(name_of(point)).second) << name_of(point);
    EXPECT_EQ(crash_point_named(name_of(point)), point);
  }
  EXPECT_EQ(names.size(), 2 * kDurableWriteCount);
  EXPECT_EQ(crash_point_named("claim"), std::nullopt);
  EXPECT_EQ(crash_point_named("claim.during"), std::nullopt);
}

#ifndef BOOKSTORE_CRASH_POINTS
TEST(CrashPoints, LeaveNothingInABuildWithoutThem) {
  constexpr auto pass = [] {
    BOOKSTORE_CRASH_BEFORE(kClaim);
    BOOKSTORE_CRASH_AFTER(kClaim);
    return true;
  };
  static_assert(pass(), "what a constant expression may contain kills no process");
}
#endif

TEST(CrashPoints, APlanWithAMistakeIsNoPlan) {
  const auto plan = parse_crash_plan("# case 7\nclaim.before\nvault.after:3\n");
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->size(), 2u);
  EXPECT_EQ((*plan)[1].point, kVaultAfter);
  EXPECT_EQ((*plan)[1].passing, 3);
  for (const char* wrong : {"claimed.before", "claim.before:0", "claim.before:x", "claim.before:"})
    EXPECT_FALSE(parse_crash_plan(wrong).has_value()) << wrong;
}

TEST_F(CrashSwitchTest, NothingArmedNothingDies) {
  CrashSwitch crash(folder_);
  crash.pass(kClaimBefore);  // no plan at all
  plan("# nothing\n");
  crash.pass(kClaimBefore);
  plan("vault.after\n");
  crash.pass(kClaimBefore);
  EXPECT_FALSE(fired(1));
}

TEST_F(CrashSwitchTest, TheArmedPointDiesOnceHoweverOftenTheProcessIsStartedAgain) {
  plan("claim.before\n");
  EXPECT_EXIT(CrashSwitch(folder_).pass(kClaimBefore), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_TRUE(fired(1));
  CrashSwitch(folder_).pass(kClaimBefore);
}

TEST_F(CrashSwitchTest, ItDiesAtThePassingThatWasAskedFor) {
  plan("claim.before:3\n");
  CrashSwitch crash(folder_);
  crash.pass(kClaimBefore);
  crash.pass(kClaimAfter);
  crash.pass(kClaimBefore);
  EXPECT_FALSE(fired(1));
  EXPECT_EXIT(crash.pass(kClaimBefore), ::testing::KilledBySignal(SIGKILL), "");
}

TEST_F(CrashSwitchTest, APlanIsFollowedInItsOrder) {
  plan("claim.after\nvault.after\n");
  CrashSwitch crash(folder_);
  crash.pass(kVaultAfter);  // not its turn yet
  EXPECT_EXIT(crash.pass(kClaimAfter), ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(crash.pass(kVaultAfter), ::testing::KilledBySignal(SIGKILL), "");
  crash.pass(kClaimAfter);
  crash.pass(kVaultAfter);
}

TEST_F(CrashSwitchTest, ANewPlanCountsFromTheBeginning) {
  plan("# first\nclaim.before:2\n");
  CrashSwitch crash(folder_);
  crash.pass(kClaimBefore);
  plan("# second\nclaim.before:2\n");
  crash.pass(kClaimBefore);
  EXPECT_FALSE(fired(1));
}

}  // namespace
}  // namespace bookstore::base
