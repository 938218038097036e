#include "raft/progress.h"

#include "gtest/gtest.h"

namespace bookstore::raft {
namespace {

Progress follower(Index match, Index next, size_t window = 4, uint64_t max_bytes = 0) {
  Progress progress(match, next, Inflights(window, max_bytes), false);
  progress.recently_active = true;
  return progress;
}

TEST(Progress, AProbeSendsOneMessageAndWaits) {
  Progress progress = follower(3, 6);
  progress.sent_entries(2, 100);
  EXPECT_EQ(progress.to_string(), "StateProbe match=3 next=6 paused");
  progress.resume_appends();  // a heartbeat was answered
  EXPECT_FALSE(progress.paused());
}

TEST(Progress, ReplicationRunsAheadUntilTheWindowIsFull) {
  Progress progress = follower(3, 6, 2);
  progress.become_replicate();
  progress.sent_entries(1, 10);
  EXPECT_FALSE(progress.paused());
  progress.sent_entries(3, 30);
  EXPECT_EQ(progress.to_string(), "StateReplicate match=3 next=8 paused inflight=2[full]");
  EXPECT_TRUE(progress.update(4));
  progress.free_inflights(4);
  EXPECT_EQ(progress.to_string(), "StateReplicate match=4 next=8 inflight=1");
}

TEST(Progress, BytesFillTheWindowToo) {
  Progress progress = follower(0, 1, 100, 64);
  progress.become_replicate();
  progress.sent_entries(1, 60);
  EXPECT_FALSE(progress.paused());
  progress.sent_entries(1, 60);  // overruns the limit, the next may not follow
  EXPECT_TRUE(progress.paused());
}

TEST(Progress, ALateRefusalIsIgnored) {
  Progress replicating = follower(5, 9);
  replicating.become_replicate();
  EXPECT_FALSE(replicating.decrease(5, 4));
  EXPECT_TRUE(replicating.decrease(6, 4));
  EXPECT_EQ(replicating.next(), 6u);

  Progress probing = follower(0, 9);
  EXPECT_FALSE(probing.decrease(3, 2)) << "the probe was at 8";
  EXPECT_TRUE(probing.decrease(8, 2));
  EXPECT_EQ(probing.next(), 3u);
}

TEST(Progress, ASnapshotThatArrivedIsWhereProbingGoesOn) {
  Progress progress = follower(0, 1);
  progress.become_snapshot(20);
  EXPECT_EQ(progress.to_string(), "StateSnapshot match=0 next=21 paused pendingSnap=20");
  Progress failed = progress;
  progress.become_probe();
  EXPECT_EQ(progress.next(), 21u);
  failed.snapshot_failed();
  failed.become_probe();
  EXPECT_EQ(failed.next(), 1u);
}

TEST(Progress, ACommitIndexIsWorthSendingOnce) {
  Progress progress = follower(0, 1);
  progress.become_replicate();
  progress.sent_entries(5, 50);
  progress.sent_commit(2);
  EXPECT_TRUE(progress.can_bump_commit(4));
  progress.sent_commit(5);
  EXPECT_FALSE(progress.can_bump_commit(9)) << "the follower has nothing beyond 5 to commit";
}

TEST(ProgressDeathTest, NothingIsSentIntoAFullWindow) {
  Progress progress = follower(0, 1, 1);
  progress.become_replicate();
  progress.sent_entries(1, 1);
  EXPECT_DEATH(progress.sent_entries(1, 1), "in flight");
}

}  // namespace
}  // namespace bookstore::raft
