#include "process/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace bookstore::process {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A process with one option of each kind, and what it says when it refuses.
class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() {
    options_.text("database", &database_, "PostgreSQL URL", /*required=*/false);
    options_.integer("threads", &threads_, "Pool size", 1, 64);
    options_.flag("loud", &loud_, "Say more");
    options_.address("listen", &listen_, "Where to serve", false, /*from_environment=*/false);
    options_.addresses("executor", &executors_, "Members", false);
    options_.duration("drain", &drain_ms_, "Grace", 0, 60'000);
    options_.choice("log-level", &level_, "Level", {"debug", "info"});
  }
  std::optional<int> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "fraud");
    return options_.parse(static_cast<int>(arguments.size()), arguments.data());
  }
  std::string refusal(std::vector<const char*> arguments) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(parse(std::move(arguments)), 2);
    return ::testing::internal::GetCapturedStderr();
  }

  Options options_{"fraud", "Scores orders."};
  std::string database_ = "default", listen_ = "127.0.0.1:7102", level_ = "info";
  int64_t threads_ = 4;
  bool loud_ = false;
  std::vector<std::string> executors_;
  base::DurationMs drain_ms_ = 10'000;
};

TEST_F(OptionsTest, WithoutArgumentsDefaultsStay) {
  EXPECT_EQ(parse({}), std::nullopt);
  EXPECT_EQ(database_, "default");
  EXPECT_EQ(drain_ms_, 10'000);
}

TEST_F(OptionsTest, FlagsOfEveryKindAreRead) {
  EXPECT_EQ(parse({"--database", "postgresql:///x", "--threads=8", "--loud", "--listen", "[::1]:0",
                   "--executor", "a:1,b:2", "--drain", "2s", "--log-level", "debug"}),
            std::nullopt);
  EXPECT_EQ(database_, "postgresql:///x");
  EXPECT_EQ(threads_, 8);
  EXPECT_TRUE(loud_);
  EXPECT_EQ(listen_, "[::1]:0");
  EXPECT_THAT(executors_, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(drain_ms_, 2'000);
  EXPECT_EQ(level_, "debug");
}

TEST_F(OptionsTest, AWrongValueIsOneSentenceThatNamesTheOption) {
  EXPECT_EQ(refusal({"--listen", "here"}), "fraud: --listen: 'here' is not HOST:PORT\n");
  EXPECT_THAT(refusal({"--threads", "65"}), HasSubstr("--threads"));
  EXPECT_THAT(refusal({"--executor", "a:1,b"}), HasSubstr("'b' is not HOST:PORT"));
  EXPECT_THAT(refusal({"--drain", "2 days"}), HasSubstr("is not a duration"));
  EXPECT_THAT(refusal({"--drain", "2m"}), HasSubstr("is not between 0ms and 60000ms"));
  EXPECT_THAT(refusal({"--log-level", "shout"}), HasSubstr("--log-level"));
  EXPECT_THAT(refusal({"--unknown"}), HasSubstr("--unknown"));
}

TEST_F(OptionsTest, AFlagWinsOverTheFileAndThatOverTheEnvironment) {
  const std::string file = ::testing::TempDir() + "/options_test.toml";
  std::ofstream(file) << "database = \"from-file\"\nthreads = 7\n";
  setenv("BOOKSTORE_DATABASE", "from-environment", 1);
  setenv("BOOKSTORE_LOUD", "true", 1);
  EXPECT_EQ(parse({"--config", file.c_str(), "--threads", "3"}), std::nullopt);
  unsetenv("BOOKSTORE_DATABASE");
  unsetenv("BOOKSTORE_LOUD");
  EXPECT_EQ(database_, "from-file");
  EXPECT_EQ(threads_, 3);
  EXPECT_TRUE(loud_);
}

TEST_F(OptionsTest, AnUnknownKeyInTheFileIsRefused) {
  const std::string file = ::testing::TempDir() + "/options_test_unknown.toml";
  std::ofstream(file) << "databse = \"typo\"\n";
  EXPECT_THAT(refusal({"--config", file.c_str()}), HasSubstr("databse"));
}

TEST_F(OptionsTest, AMissingFileIsRefused) {
  EXPECT_THAT(refusal({"--config", "/nonexistent/x.toml"}), HasSubstr("/nonexistent/x.toml"));
}

TEST(RequiredOption, IsMissed) {
  Options options("fraud", "");
  std::string database;
  options.text("database", &database, "", /*required=*/true);
  const char* arguments[] = {"fraud"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(options.parse(1, arguments), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "fraud: --database is required\n");
}

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("250"), 250);
  EXPECT_EQ(parse_duration("250ms"), 250);
  EXPECT_EQ(parse_duration("2s"), 2'000);
  EXPECT_EQ(parse_duration("3m"), 180'000);
  EXPECT_EQ(parse_duration("1h"), 3'600'000);
  for (const char* text : {"", "s", "-1s", "1.5s", "2d", "1 s", "9999999999999"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace bookstore::process
