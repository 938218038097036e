#include "telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bookstore::telemetry {
namespace {

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    init_log("fraud", Level::kInfo);
    set_log_sink([this](const std::string& line) { lines_.push_back(line); });
  }
  ~LogTest() override { set_log_sink(nullptr); }
  std::vector<std::string> lines_;
};

TEST_F(LogTest, ALineIsKeysAndValues) {
  log(Level::kWarning, "peer_lost", {{"peer", "payment"}, {"reason", "connection refused"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_THAT(lines_[0], ::testing::MatchesRegex(
                             "ts=[-0-9]+T[:.0-9]+Z level=warning service=fraud "
                             "event=peer_lost peer=payment reason=\"connection refused\""));
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
  log(Level::kDebug, "details");
  EXPECT_TRUE(lines_.empty());
}

TEST_F(LogTest, AValueCannotForgeALineOrAField) {
  log(Level::kInfo, "got", {{"name", "x\nlevel=error event=\"forged\"\r"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  EXPECT_THAT(lines_[0], ::testing::EndsWith("name=\"x\\nlevel=error event=\\\"forged\\\"?\""));
}

TEST_F(LogTest, BracesInAValueAreNoFormat) {
  log(Level::kInfo, "got", {{"name", "{}{0}"}, {"empty", ""}});
  EXPECT_THAT(lines_.at(0), ::testing::EndsWith("name={}{0} empty=\"\""));
}

TEST(LogLevel, IsReadFromItsName) {
  EXPECT_EQ(parse_level("warning"), Level::kWarning);
  EXPECT_EQ(parse_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace bookstore::telemetry
