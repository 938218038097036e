#include "causality/ledger.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace bookstore::causality {
namespace {

class LedgerTest : public ::testing::Test {
 protected:
  base::FakeClock clock_;
  Ledger ledger_{{.host = "fraud", .orders_max = 3}, clock_};
};

TEST_F(LedgerTest, OnlyInitMakesState) {
  EXPECT_EQ(ledger_.find("o1", {1, 0}).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(ledger_.init("o1", {1, 0}, clock_.wall_ms()).ok());
  EXPECT_TRUE(ledger_.find("o1", {1, 0}).ok());
  EXPECT_FALSE(ledger_.find("o1", {2, 0}).ok()) << "another epoch is another history";
}

TEST_F(LedgerTest, ALaterEpochReplacesAndAnEarlierOrEqualOneIsRefused) {
  ASSERT_TRUE(ledger_.init("o1", {1, 1}, clock_.wall_ms()).ok());
  EXPECT_FALSE(ledger_.init("o1", {1, 1}, clock_.wall_ms()).ok());
  EXPECT_FALSE(ledger_.init("o1", {1, 0}, clock_.wall_ms()).ok());
  ASSERT_TRUE(ledger_.init("o1", {2, 0}, clock_.wall_ms()).ok());
  EXPECT_FALSE(ledger_.find("o1", {1, 1}).ok());
}

TEST_F(LedgerTest, AnInitFromBeforeThisProcessOrOlderThanAMinuteIsRefused) {
  EXPECT_FALSE(ledger_.init("o1", {1, 0}, clock_.wall_ms() - 1).ok());
  const base::WallMs issued_at_ms = clock_.wall_ms();
  clock_.advance(60'001);
  EXPECT_FALSE(ledger_.init("o1", {1, 0}, issued_at_ms).ok());
}

TEST_F(LedgerTest, StateIsDroppedAMinuteAfterItsInit) {
  ASSERT_TRUE(ledger_.init("o1", {1, 0}, clock_.wall_ms()).ok());
  clock_.advance(30'000);
  ASSERT_TRUE(ledger_.init("o1", {2, 0}, clock_.wall_ms()).ok());
  clock_.advance(30'000);
  EXPECT_TRUE(ledger_.find("o1", {2, 0}).ok()) << "the later epoch has a minute of its own";
  clock_.advance(30'000);
  EXPECT_FALSE(ledger_.find("o1", {2, 0}).ok());
  EXPECT_EQ(ledger_.size(), 0u);
}

TEST_F(LedgerTest, AtItsCapacityInitIsRefused) {
  for (const char* id : {"o1", "o2", "o3"}) {
    ASSERT_TRUE(ledger_.init(id, {1, 0}, clock_.wall_ms()).ok());
  }
  EXPECT_EQ(ledger_.init("o4", {1, 0}, clock_.wall_ms()).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ledger_.init("o3", {2, 0}, clock_.wall_ms()).ok()) << "a known order needs no room";
}

}  // namespace
}  // namespace bookstore::causality
