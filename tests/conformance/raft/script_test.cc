#include "tests/conformance/raft/script.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/raft/comparison.h"

namespace bookstore::raft_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Script, ABlockHasACommandItsInputAndItsOutput) {
  const auto commands = parse_script(
      "# a comment\n"
      "\n"
      "propose-conf-change 1 transition=explicit\n"
      "v2 l3\n"
      "----\n"
      "ok\n"
      "\n"
      "stabilize 1 2\n"
      "----\n"
      "> 1 handling Ready\n"
      "  <empty Ready>\n");
  ASSERT_THAT(commands, SizeIs(2));
  EXPECT_EQ(commands[0].line, 3);
  EXPECT_EQ(commands[0].name, "propose-conf-change");
  EXPECT_EQ(commands[0].value("transition"), "explicit");
  EXPECT_THAT(commands[0].numbers(), ElementsAre(1));
  EXPECT_EQ(commands[0].input, "v2 l3\n");
  EXPECT_EQ(commands[0].expected, "ok\n");
  EXPECT_THAT(commands[1].numbers(), ElementsAre(1, 2));
  EXPECT_EQ(commands[1].expected, "> 1 handling Ready\n  <empty Ready>\n");
}

TEST(Script, ListsMayHoldBlanksAndNothing) {
  const auto commands = parse_script("committed cfg=(1, 2) idx=(_,_) none=()\n----\n0\n");
  ASSERT_THAT(commands, SizeIs(1));
  EXPECT_THAT(commands[0].find("cfg")->values, ElementsAre("1", "2"));
  EXPECT_THAT(commands[0].find("idx")->values, ElementsAre("_", "_"));
  EXPECT_THAT(commands[0].find("none")->values, IsEmpty());
  EXPECT_EQ(commands[0].find("absent"), nullptr);
}

TEST(Script, TheFencedFormKeepsBlankLinesAndALongCommandGoesOn) {
  const auto commands = parse_script(
      "add-nodes 3 \\\n  voters=(1,2,3)\n----\n----\nfirst\n\nsecond\n----\n----\n\nstatus "
      "1\n----\nok\n");
  ASSERT_THAT(commands, SizeIs(2));
  EXPECT_THAT(commands[0].find("voters")->values, SizeIs(3));
  EXPECT_EQ(commands[0].expected, "first\n\nsecond\n");
  EXPECT_EQ(commands[1].name, "status");
}

TEST(Script, ACommandWithoutAFenceIsReported) {
  const auto commands = parse_script("campaign 1\nok\n");
  ASSERT_THAT(commands, SizeIs(1));
  EXPECT_EQ(commands[0].name, "");
  EXPECT_EQ(commands[0].input, "no ---- after the command campaign");
}

TEST(Comparison, LogLinesDoNotCountAndAnOutputOfNothingElseIsOk) {
  EXPECT_EQ(without_log_lines("INFO 1 became leader\n"), "ok\n");
  EXPECT_EQ(without_log_lines("> 1 receiving messages\n  INFO 1 became follower\n  1->2 MsgApp\n"),
            "> 1 receiving messages\n  1->2 MsgApp\n");
}

TEST(Comparison, TheFirstDifferenceNamesItsLine) {
  EXPECT_EQ(first_difference("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(first_difference("a\nb\n", "a\nc\n"), "line 2: expected 'b', got 'c'");
  EXPECT_EQ(first_difference("a\nb\n", "a\n"), "line 2: expected 'b', got no more");
}

}  // namespace
}  // namespace bookstore::raft_conformance
