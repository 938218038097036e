#include "raft/log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "raft/memory_storage.h"

namespace bookstore::raft {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<Entry> entries_from(Index first, const std::vector<Term>& terms) {
  std::vector<Entry> entries;
  for (const Term term : terms) {
    entries.push_back({term, first + entries.size(), EntryKind::kNormal, Payload("12345678")});
  }
  return entries;
}

std::vector<Index> indexes(const std::vector<Entry>& entries) {
  std::vector<Index> found;
  for (const Entry& entry : entries) found.push_back(entry.index);
  return found;
}

// Three entries in storage, three above it.
class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    storage_.append(entries_from(1, {1, 1, 1}));
    log_ = std::make_unique<Log>(storage_, kNoLimit);
    log_->append(entries_from(4, {1, 2, 2}));
  }
  std::vector<Index> read(Index from, Index to, uint64_t max_bytes) {
    std::vector<Entry> out;
    EXPECT_TRUE(log_->read(from, to, max_bytes, &out));
    return indexes(out);
  }

  static constexpr uint64_t kOne = 32;  // what an entry of eight bytes counts
  MemoryStorage storage_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogTest, ReadsAcrossStorageAndWhatIsNotDurableYet) {
  EXPECT_THAT(read(1, 7, kNoLimit), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(3, 5, kNoLimit), ElementsAre(3, 4));
  EXPECT_EQ(log_->last_id(), (EntryId{2, 6}));
}

TEST_F(LogTest, ALimitCutsAnywhereButLeavesOneEntry) {
  EXPECT_THAT(read(1, 7, 0), ElementsAre(1));
  EXPECT_THAT(read(5, 7, 1), ElementsAre(5));
  EXPECT_THAT(read(1, 7, 3 * kOne), ElementsAre(1, 2, 3));
  EXPECT_THAT(read(1, 7, 3 * kOne + 1), ElementsAre(1, 2, 3)) << "the next does not fit any more";
  EXPECT_THAT(read(1, 7, 5 * kOne), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(LogTest, FollowsALeaderThatAgreesAndCutsWhatContradictsIt) {
  EXPECT_EQ(log_->follow({1, 4}, entries_from(5, {2}), 3), 5u) << "we have it already";
  EXPECT_EQ(log_->last_index(), 6u);
  EXPECT_EQ(log_->committed(), 3u);
  EXPECT_EQ(log_->follow({1, 4}, entries_from(5, {3}), 9), 5u);
  EXPECT_EQ(log_->last_id(), (EntryId{3, 5}));
  EXPECT_EQ(log_->committed(), 5u) << "never past what this leader has shown us";
  EXPECT_EQ(log_->follow({2, 4}, {}, 9), std::nullopt);
}

TEST_F(LogTest, OnlyEntriesOfTheOwnTermAreCommittedByCounting) {
  EXPECT_FALSE(log_->commit_own(4, 2));
  EXPECT_TRUE(log_->commit_own(5, 2));
  EXPECT_EQ(log_->committed(), 5u);
  EXPECT_FALSE(log_->commit_own(5, 2)) << "no news";
}

TEST_F(LogTest, TheHintSkipsWholeTerms) {
  EXPECT_EQ(log_->last_not_above(6, 1), (EntryId{1, 4}));
  EXPECT_EQ(log_->last_not_above(6, 2), (EntryId{2, 6}));
  EXPECT_EQ(log_->last_not_above(6, 0), (EntryId{0, 0}));
}

TEST_F(LogTest, ALateConfirmationOfAnOverwrittenEntrySaysNothing) {
  log_->unstable().accept();
  EXPECT_TRUE(log_->follow({1, 4}, entries_from(5, {3}), 0).has_value());
  log_->unstable().stable_to({2, 6});
  log_->unstable().stable_to({2, 5});
  EXPECT_EQ(log_->unstable().offset(), 4u);
  log_->unstable().stable_to({1, 4});
  EXPECT_EQ(log_->unstable().offset(), 5u);
}

TEST_F(LogTest, WhatIsOutForApplicationIsBounded) {
  Log log(storage_, 2 * kOne);
  log.commit_to(3);
  const auto first = log.next_committed(true);
  EXPECT_THAT(first, SizeIs(2));
  log.accept_applying(2, entries_bytes(first), true);
  EXPECT_FALSE(log.has_next_committed(true)) << "until something is applied";
  log.applied_to(2, entries_bytes(first));
  EXPECT_THAT(indexes(log.next_committed(true)), ElementsAre(3));
}

TEST_F(LogTest, ASnapshotReplacesEverything) {
  log_->restore(std::make_shared<Snapshot>(Snapshot{{5, 20}, {}, {}}));
  EXPECT_EQ(log_->first_index(), 21u);
  EXPECT_EQ(log_->last_id(), (EntryId{5, 20}));
  EXPECT_FALSE(log_->has_next_committed(true));
  std::vector<Entry> out;
  EXPECT_FALSE(log_->read(20, 21, kNoLimit, &out));
}

TEST_F(LogTest, ACompactedEntryIsNotReadAndItsTermIsNotKnown) {
  log_->commit_to(3);
  ASSERT_TRUE(storage_.compact(2));
  EXPECT_FALSE(storage_.compact(2));
  EXPECT_EQ(log_->first_index(), 3u);
  EXPECT_EQ(log_->term(2), 1u) << "it is needed to append after it";
  EXPECT_EQ(log_->term(1), std::nullopt);
}

TEST_F(LogTest, DiesRatherThanCutWhatIsCommitted) {
  log_->commit_to(5);
  EXPECT_DEATH((void)log_->follow({1, 4}, entries_from(5, {9}), 5), "contradicts a committed");
  EXPECT_DEATH(log_->commit_to(7), "damaged, cut or lost");
}

}  // namespace
}  // namespace bookstore::raft
