#include "base/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace bookstore::base {
namespace {

TEST(Money, OverflowAndMixedCurrenciesGiveNothing) {
  const Money big{"EUR", std::numeric_limits<int64_t>::max()};
  EXPECT_FALSE(add(big, Money{"EUR", 1}));
  EXPECT_FALSE(multiply(big, 2));
  EXPECT_FALSE(add(Money{"EUR", 1}, Money{"USD", 1}));
  EXPECT_EQ(multiply(Money{"EUR", 1299}, 3), (Money{"EUR", 3897}));
}

TEST(Money, ReadsLikeAPrice) {
  EXPECT_EQ(format_money({"EUR", 2599}), "EUR 25.99");
  EXPECT_EQ(format_money({"EUR", -5}), "EUR -0.05");
}

}  // namespace
}  // namespace bookstore::base
