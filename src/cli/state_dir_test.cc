#include "cli/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>

namespace bookstore::cli {
namespace {

namespace fs = std::filesystem;

class StateDirTest : public testing::Test {
 protected:
  StateDirTest()
      : state_(fs::temp_directory_path() / ("state_dir_test." + std::to_string(getpid()))) {
    EXPECT_TRUE(state_.create().ok());
  }
  ~StateDirTest() override { fs::remove_all(state_.path()); }
  const StateDir state_;
};

TEST_F(StateDirTest, OnePlatformAtATimeAndTheSecondLearnsWhoRuns) {
  EXPECT_EQ(running_supervisor(state_), std::nullopt);
  {
    const auto first = StateLock::take(state_);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(running_supervisor(state_), getpid());
    const auto second = StateLock::take(state_);
    ASSERT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_NE(second.status().message().find(std::to_string(getpid())), absl::string_view::npos);
  }
  EXPECT_EQ(running_supervisor(state_), std::nullopt);
  EXPECT_TRUE(StateLock::take(state_).ok());
}

TEST_F(StateDirTest, ARelativePathOfAFolderThatIsNotThereYetBecomesAbsolute) {
  // The database is started from another folder, by another user.
  EXPECT_TRUE(StateDir("no_such_folder/state").path().is_absolute());
}

TEST_F(StateDirTest, TheLockDiesWithAKilledProcess) {
  const pid_t holder = fork();
  if (holder == 0) {
    const auto lock = StateLock::take(state_);
    kill(getpid(), SIGKILL);
  }
  waitpid(holder, nullptr, 0);
  EXPECT_TRUE(StateLock::take(state_).ok());
}

TEST_F(StateDirTest, TheKeyIsMadeOnceAndForUsAlone) {
  ASSERT_TRUE(provide_key_file(state_.key_file()).ok());
  struct stat status {};
  ASSERT_EQ(stat(state_.key_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto key = read_file(state_.key_file());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->size(), 65u);
  ASSERT_TRUE(provide_key_file(state_.key_file()).ok());
  EXPECT_EQ(*read_file(state_.key_file()), *key);
}

TEST_F(StateDirTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(provide_key_file(state_.key_file()).ok());
  chmod(state_.key_file().c_str(), 0644);
  EXPECT_EQ(provide_key_file(state_.key_file()).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(StateDirTest, AFolderThatCannotBeMadeIsOneSentence) {
  ASSERT_TRUE(write_file(state_.path() / "file", "x").ok());
  const absl::Status status = StateDir(state_.path() / "file" / "below").create();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("cannot make the folder"), absl::string_view::npos);
}

}  // namespace
}  // namespace bookstore::cli
