#include "cli/text.h"

#include <gtest/gtest.h>

namespace bookstore::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCellInCharacters) {
  EXPECT_EQ(format_table({"service", "state"}, {{{"payment"}, {"ready"}}, {{"é"}, {"restarting"}}},
                         false),
            "service  state\n"
            "payment  ready\n"
            "é        restarting\n");
}

TEST(Table, ColoursAreThereOnlyWhenAskedForAndDoNotShiftColumns) {
  const std::string plain = format_table({"a", "b"}, {{{"x", Colour::kRed}, {"y"}}}, false);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  const std::string coloured = format_table({"a", "b"}, {{{"x", Colour::kRed}, {"y"}}}, true);
  EXPECT_NE(coloured.find("\x1b[31mx\x1b[0m  y\n"), std::string::npos);
}

TEST(Progress, ShowsRateAndTimeLeftUntilItIsDone) {
  const std::string half = format_progress({"catalogue", 150, 300, 1000});
  EXPECT_NE(half.find("[############------------]  50 %  150/300  150/s  1.0 s left"),
            std::string::npos)
      << half;
  const std::string done = format_progress({"catalogue", 300, 300, 1000});
  EXPECT_NE(done.find("100 %"), std::string::npos);
  EXPECT_EQ(done.find("left"), std::string::npos);
  EXPECT_NE(format_progress({"nothing", 0, 0, 0}).find("100 %"), std::string::npos);
}

TEST(Durations, UseTheUnitAPersonWould) {
  EXPECT_EQ(format_duration(850), "850 ms");
  EXPECT_EQ(format_duration(1'250), "1.2 s");
  EXPECT_EQ(format_duration(59'999), "59 s");
  EXPECT_EQ(format_duration(200'000), "3 min 20 s");
  EXPECT_EQ(format_duration(7'500'000), "2 h 5 min");
}

}  // namespace
}  // namespace bookstore::cli
