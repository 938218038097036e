#include "order_executor/wal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "order_executor/simulated_disk.h"

namespace bookstore::order_executor {
namespace {

using testing::HasSubstr;

// Small segments, so that a handful of batches rolls.
constexpr Wal::Options kSmall{.segment_size = 1'024};

struct Opened {
  absl::StatusOr<std::unique_ptr<Wal>> wal = absl::UnknownError("not opened");
  Wal::Recovered recovered;
  std::vector<LogEntry> entries;
};

Opened open_log(Disk& disk, Wal::Options options = kSmall) {
  Opened opened;
  opened.wal = Wal::open(
      disk, options, [&](const LogEntry& entry) { opened.entries.push_back(entry); },
      opened.recovered);
  return opened;
}

std::vector<LogEntry> entries_from(uint64_t first, size_t count, size_t size = 40) {
  std::vector<LogEntry> entries;
  for (uint64_t index = first; index < first + count; ++index) {
    entries.push_back({1, index, absl::StrCat("entry ", index, std::string(size, 'x'))});
  }
  return entries;
}

// The last segment's name and where its data ends.
std::pair<std::string, size_t> tail_of(SimulatedDisk& disk) {
  std::string name;
  const auto names = disk.list();
  for (const std::string& candidate : *names) {
    if (segment_number(candidate)) name = candidate;
  }
  const std::string contents = disk.contents(name);
  return {name, contents.find_last_not_of('\0') + 1};
}

TEST(Wal, ANewLogIsEmptyAndGivesBackWhatWasAppended) {
  SimulatedDisk disk(1);
  {
    Opened first = open_log(disk);
    ASSERT_TRUE(first.wal.ok()) << first.wal.status();
    EXPECT_TRUE(first.entries.empty());
    ASSERT_TRUE((*first.wal)->append(HardState{1, 1, 0}, entries_from(1, 3)).ok());
    ASSERT_TRUE((*first.wal)->append(std::nullopt, entries_from(4, 60)).ok());
    EXPECT_GT((*first.wal)->counters().segments, 1u);
  }
  disk.power_loss();
  const Opened second = open_log(disk);
  ASSERT_TRUE(second.wal.ok()) << second.wal.status();
  EXPECT_EQ(second.entries, entries_from(1, 63));
  EXPECT_EQ(second.recovered.hard_state, (HardState{1, 1, 0}));
  EXPECT_EQ(second.recovered.last_index, 63u);
  EXPECT_TRUE(second.recovered.notes.empty());
}

// The heart of the promise: whatever a crash at any operation leaves on the disk, everything that
// append() had confirmed is there, in order, and nothing is there that was never appended.
TEST(Wal, NothingConfirmedIsLostAtAnyCrashPoint) {
  uint64_t crashes = 0;
  uint64_t kept_unconfirmed = 0;
  for (uint64_t crash_at = 0; crash_at < 60; ++crash_at) {
    for (uint64_t seed = 0; seed < 12; ++seed) {
      SimulatedDisk disk(seed);
      base::SeededRandom random(seed);
      uint64_t confirmed = 0;
      uint64_t term = 0;
      std::vector<LogEntry> appended;  // by the life that just ended, or recovered by it
      disk.die_after(crash_at);
      for (int life = 0; life < 4; ++life) {
        Opened opened = open_log(disk);
        if (opened.wal.ok()) {
          ASSERT_GE(opened.entries.size(), confirmed)
              << "crash at " << crash_at << " seed " << seed;
          ASSERT_LE(opened.entries.size(), appended.size());
          appended.resize(opened.entries.size());
          ASSERT_EQ(opened.entries, appended) << "crash at " << crash_at << " seed " << seed;
          ASSERT_GE(opened.recovered.hard_state.term, term);
          kept_unconfirmed += opened.entries.size() - confirmed;
          // What was replayed may be acted on, so it counts as confirmed from here on.
          confirmed = opened.entries.size();
          const uint64_t next_term = opened.recovered.hard_state.term + 1;
          if ((*opened.wal)->append(HardState{next_term, 1, 0}, {}).ok()) term = next_term;
          for (int batch = 0; batch < 6; ++batch) {
            auto entries = entries_from(appended.size() + 1, 1 + random.below(5));
            for (LogEntry& entry : entries) entry.term = next_term;
            appended.insert(appended.end(), entries.begin(), entries.end());
            if (!(*opened.wal)->append(std::nullopt, entries).ok()) break;
            confirmed = appended.size();
          }
        } else {
          ASSERT_TRUE(disk.died()) << opened.wal.status();
        }
        crashes += disk.died() ? 1 : 0;
        disk.power_loss();
        disk.die_after(random.below(60));
      }
    }
  }
  EXPECT_GT(crashes, 1'000u);
  EXPECT_GT(kept_unconfirmed, 0u);
}

TEST(Wal, TheFirstFailedSyncPoisonsItUntilTheRestart) {
  SimulatedDisk disk(3);
  Opened opened = open_log(disk);
  ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 2)).ok());
  disk.fail_next_sync();
  const absl::Status failed = (*opened.wal)->append(std::nullopt, entries_from(3, 1));
  EXPECT_FALSE(failed.ok());
  const uint64_t operations = disk.operations();
  EXPECT_EQ((*opened.wal)->append(std::nullopt, entries_from(4, 1)), failed);
  EXPECT_EQ(disk.operations(), operations) << "a poisoned log touched the disk";
}

// fsync's trap: after a failed sync the pages count as clean, a restarted process reads them from
// the cache, acts on them, and a power loss takes them away.
TEST(Wal, WhatARestartReadsBackSurvivesThePowerLossAfterIt) {
  uint64_t read_back = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk(seed);
    {
      Opened opened = open_log(disk);
      ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 2)).ok());
      disk.fail_next_sync();
      ASSERT_FALSE((*opened.wal)->append(std::nullopt, entries_from(3, 5)).ok());
    }
    const Opened restarted = open_log(disk);  // the process died, the machine did not
    ASSERT_TRUE(restarted.wal.ok());
    read_back += restarted.entries.size();
    disk.power_loss();
    const Opened afterwards = open_log(disk);
    ASSERT_TRUE(afterwards.wal.ok()) << afterwards.wal.status();
    EXPECT_EQ(afterwards.entries, restarted.entries) << "seed " << seed;
  }
  EXPECT_EQ(read_back, 50u * 7);
}

TEST(Wal, AFullDiskIsAnErrorAndLosesNothing) {
  SimulatedDisk disk(4);
  Opened opened = open_log(disk);
  ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 2)).ok());
  disk.set_full(true);
  EXPECT_EQ((*opened.wal)->append(std::nullopt, entries_from(3, 1)).code(),
            absl::StatusCode::kResourceExhausted);
  disk.set_full(false);
  EXPECT_EQ(open_log(disk).entries, entries_from(1, 2));
}

TEST(Wal, DamageBeforeLaterBatchesIsAHoleAndIsNeverCut) {
  SimulatedDisk disk(5);
  {
    Opened opened = open_log(disk, {.segment_size = 8'192});
    for (uint64_t i = 1; i <= 5; ++i) {
      ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(i, 1)).ok());
    }
  }
  const auto [name, end] = tail_of(disk);
  const size_t last_batch = kBatchHeaderSize + kRecordHeaderSize + 7 + 40 + kTrailerSize;
  for (size_t at = 0; at + last_batch < end; ++at) {
    disk.flip(name, at);
    const std::string before = disk.contents(name);
    const Opened opened = open_log(disk, {.segment_size = 8'192});
    ASSERT_EQ(opened.wal.status().code(), absl::StatusCode::kDataLoss) << "byte " << at;
    EXPECT_THAT(base::str(opened.wal.status().message()), HasSubstr("damaged"));
    ASSERT_EQ(disk.contents(name), before) << "a damaged log was touched";
    disk.flip(name, at);
  }
  EXPECT_TRUE(open_log(disk, {.segment_size = 8'192}).wal.ok());
}

TEST(Wal, DamageInAnEarlierSegmentIsAHole) {
  SimulatedDisk disk(6);
  {
    Opened opened = open_log(disk);
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 30)).ok());
    ASSERT_EQ((*opened.wal)->counters().segments, 2u);
  }
  disk.flip(segment_name(1), kSegmentHeaderSize + kBatchHeaderSize + 30);
  EXPECT_EQ(open_log(disk).wal.status().code(), absl::StatusCode::kDataLoss);
}

TEST(Wal, ALostSegmentIsSaid) {
  SimulatedDisk disk(7);
  {
    Opened opened = open_log(disk);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1 + 30 * i, 30)).ok());
    }
  }
  ASSERT_TRUE(disk.remove(segment_name(2)).ok());
  const Opened opened = open_log(disk);
  EXPECT_EQ(opened.wal.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(base::str(opened.wal.status().message()), HasSubstr(segment_name(2)));
}

TEST(Wal, AnUnfinishedLastBatchIsCutAndTheLogGoesOn) {
  SimulatedDisk disk(8);
  {
    Opened opened = open_log(disk);
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 2)).ok());
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(3, 2)).ok());
  }
  const auto [name, end] = tail_of(disk);
  auto file = disk.open(name);
  ASSERT_TRUE((*file)->write(end - kTrailerSize, std::string(kTrailerSize, '\0')).ok());
  ASSERT_TRUE((*file)->sync().ok());
  {
    Opened opened = open_log(disk);
    ASSERT_TRUE(opened.wal.ok()) << opened.wal.status();
    EXPECT_EQ(opened.entries, entries_from(1, 2));
    ASSERT_EQ(opened.recovered.notes.size(), 1u);
    EXPECT_THAT(opened.recovered.notes[0], HasSubstr("never acknowledged"));
    EXPECT_EQ(disk.list()->size(), 1u) << "an unfinished batch needs no copy";
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(3, 1)).ok());
  }
  EXPECT_EQ(open_log(disk).entries, entries_from(1, 3));
}

TEST(Wal, ADoubtfulLastBatchIsCutButACopyStays) {
  SimulatedDisk disk(9);
  {
    Opened opened = open_log(disk);
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(1, 2)).ok());
    ASSERT_TRUE((*opened.wal)->append(std::nullopt, entries_from(3, 2)).ok());
  }
  const auto [name, end] = tail_of(disk);
  const std::string intact = disk.contents(name);
  disk.flip(name, end - kTrailerSize - 5);
  const Opened opened = open_log(disk);
  ASSERT_TRUE(opened.wal.ok()) << opened.wal.status();
  EXPECT_EQ(opened.entries, entries_from(1, 2));
  ASSERT_EQ(opened.recovered.notes.size(), 1u);
  EXPECT_THAT(opened.recovered.notes[0], HasSubstr("a copy is in"));
  bool copied = false;
  const auto files = disk.list();
  for (const std::string& file : *files) {
    if (file.find(".cut-") == std::string::npos) continue;
    copied = true;
    EXPECT_THAT(disk.contents(file), HasSubstr("entry 3"));
  }
  EXPECT_TRUE(copied);
  EXPECT_EQ(opened.recovered.doubtful_copies, 1u);
  EXPECT_EQ(open_log(disk).recovered.doubtful_copies, 1u) << "a later start must know it too";
}

}  // namespace
}  // namespace bookstore::order_executor
