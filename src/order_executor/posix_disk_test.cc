#include "order_executor/posix_disk.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "order_executor/replica.h"

namespace bookstore::order_executor {
namespace {

class PosixDiskTest : public testing::Test {
 protected:
  PosixDiskTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "posix_disk_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<PosixDisk> open() {
    auto disk = PosixDisk::open_directory(folder_ + "/log");
    EXPECT_TRUE(disk.ok()) << disk.status();
    return std::move(*disk);
  }

  std::string folder_;
};

TEST_F(PosixDiskTest, KeepsWhatWasWritten) {
  auto disk = open();
  {
    auto file = disk->create("a.tmp");
    ASSERT_TRUE((*file)->preallocate(1'000).ok());
    ASSERT_TRUE((*file)->write(10, "hello").ok());
    ASSERT_TRUE((*file)->sync().ok());
    ASSERT_TRUE(disk->rename("a.tmp", "a").ok());
    ASSERT_TRUE(disk->sync_directory().ok());
  }
  auto file = disk->open("a");
  EXPECT_EQ(*(*file)->size(), 1'000u);
  EXPECT_EQ(*(*file)->read(10, 5), "hello");
  EXPECT_EQ(*(*file)->read(15, 3), std::string(3, '\0'));
  EXPECT_EQ((*file)->read(998, 10)->size(), 2u);
  ASSERT_TRUE((*file)->truncate(12).ok());
  EXPECT_EQ(*(*file)->read(0, 100), std::string(10, '\0') + "he");
  EXPECT_EQ(*disk->list(), std::vector<std::string>{"a"});
  ASSERT_TRUE(disk->remove("a").ok());
  EXPECT_TRUE(disk->list()->empty());
  EXPECT_EQ(disk->open("a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PosixDiskTest, IsForTheOwnerAlone) {
  auto disk = open();
  ASSERT_TRUE(disk->create("a").ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder_ + "/log").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((folder_ + "/log/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(PosixDiskTest, TwoExecutorsNeverShareALog) {
  auto disk = open();
  const auto second = PosixDisk::open_directory(folder_ + "/log");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  disk.reset();
  EXPECT_TRUE(PosixDisk::open_directory(folder_ + "/log").ok());
}

TEST_F(PosixDiskTest, AMissingParentIsSaid) {
  const auto disk = PosixDisk::open_directory(folder_ + "/not/there");
  EXPECT_EQ(disk.status().code(), absl::StatusCode::kNotFound);
}

// The same log as on the simulated disk, on this machine's file system.
TEST_F(PosixDiskTest, TheLogRollsAndIsReadAgain) {
  Replica::Config config;
  config.wal.segment_size = 4'096;
  constexpr base::WallMs kNow = 1'790'000'000'000;
  std::vector<std::string> notes;
  uint64_t orders = 0;
  for (int life = 1; life <= 3; ++life) {
    auto disk = open();
    auto replica = Replica::start(*disk, config, kNow, notes);
    ASSERT_TRUE(replica.ok()) << replica.status();
    EXPECT_EQ((*replica)->term(), static_cast<uint64_t>(life));
    EXPECT_EQ((*replica)->machine().waiting(), orders);
    for (int batch = 0; batch < 50; ++batch) {
      Submit submit{{std::to_string(orders++)}, {{"book", 1}}, {"EUR", 100}, "token"};
      submit.accept_before_ms = kNow + 1'000;
      ASSERT_TRUE((*replica)->commit({submit}, kNow).ok());
    }
    EXPECT_GT((*replica)->wal().counters().segments, 0u);
  }
  EXPECT_TRUE(notes.empty());
}

}  // namespace
}  // namespace bookstore::order_executor
