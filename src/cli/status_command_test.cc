#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/endpoints.h"
#include "cli/services.h"
#include "cli/shop.h"
#include "cli/status_file.h"
#include "json/json.h"
#include "postgres/test_database.h"

namespace bookstore::cli {
namespace {

// A folder as a running supervisor keeps it, and nothing behind it.
class Status : public ::testing::Test {
 protected:
  Status() {
    std::string folder = ::testing::TempDir() + "/bookstore-status-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    state_ = std::make_unique<StateDir>(folder);
    auto lock = StateLock::take(*state_);
    EXPECT_TRUE(lock.ok()) << lock.status();
    lock_.emplace(*std::move(lock));
  }
  ~Status() override { std::filesystem::remove_all(state_->path()); }

  void platform(const std::string& database, const ServiceView& view) {
    const Endpoints endpoints{.http_port = 1, .database = database, .grpc = {{"payment", 1}}};
    ASSERT_TRUE(write_endpoints(state_->endpoints(), endpoints).ok());
    ASSERT_TRUE(
        write_status_file(state_->status(), {.supervisor = getpid(), .services = {view}}).ok());
  }
  // Its exit code, and its one service.
  std::pair<int, json::Value> ask() {
    ::testing::internal::CaptureStdout();
    const int exit_code = status(state_->path(), /*as_json=*/true);
    const auto said = json::parse(::testing::internal::GetCapturedStdout());
    EXPECT_TRUE(said.ok()) << said.status();
    return {exit_code, said.ok() ? said->at("services").at(0) : json::Value()};
  }

  std::unique_ptr<StateDir> state_;
  std::optional<StateLock> lock_;
};

TEST_F(Status, OfAPlatformWhereSomethingIsDownIsNotZeroForProgramsEither) {
  platform("host=/nowhere",
           {.name = "payment", .state = ServiceState::kWaiting, .ends = 1, .last_exit = "gone"});
  const auto [exit_code, payment] = ask();
  EXPECT_EQ(exit_code, 1);
  EXPECT_FALSE(payment.at("ready").as_bool());
  EXPECT_EQ(text_at(payment, "/last_exit"), "gone");
}

TEST_F(Status, AServerThatRunsButLetsNobodyInIsNotReadyAndSaysWhy) {
  platform("host=/nowhere", {.name = "postgres", .state = ServiceState::kRunning, .pid = getpid()});
  const auto [exit_code, postgres] = ask();
  EXPECT_EQ(exit_code, 1);
  EXPECT_FALSE(postgres.at("ready").as_bool());
  EXPECT_NE(text_at(postgres, "/why_not_ready").find("/nowhere"), std::string::npos);
}

TEST_F(Status, OfAServerThatAnswersIsZero) {
  if (!postgres::TestDatabase::available()) GTEST_SKIP() << postgres::TestDatabase::kSkipReason;
  platform(postgres::TestDatabase::shared().conninfo(),
           {.name = "postgres", .state = ServiceState::kRunning, .pid = getpid()});
  const auto [exit_code, postgres] = ask();
  EXPECT_EQ(exit_code, 0);
  EXPECT_TRUE(postgres.at("ready").as_bool());
  EXPECT_EQ(text_at(postgres, "/why_not_ready"), "");
}

}  // namespace
}  // namespace bookstore::cli
