#include "base/clock.h"

#include <gtest/gtest.h>

namespace bookstore::base {
namespace {

TEST(Clock, Rfc3339) {
  EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(1'709'164'799'999), "2024-02-28T23:59:59.999Z");
}

TEST(Clock, CivilTimeAndBackAgree) {
  for (WallMs time = -86'400'000; time < 4'102'444'800'000; time += 86'399'000 * 13) {
    const WallMs whole = time - ((time % 1000) + 1000) % 1000;
    EXPECT_EQ(wall_from_civil(civil_from_wall(whole)), whole);
  }
}

}  // namespace
}  // namespace bookstore::base
