#include "checkout/pricing.h"

#include "base/random.h"
#include "gtest/gtest.h"

namespace bookstore::checkout {
namespace {

const std::map<std::string, PriceTag> kTags = {
    {"dune", {"Dune", {"EUR", 1'299}}},
    {"emma", {"Emma", {"EUR", 850}}},
    {"kim", {"Kim", {"GBP", 700}}},
};

CheckoutRequest cart(std::vector<Item> items) {
  CheckoutRequest request;
  request.items = std::move(items);
  return request;
}

std::vector<std::string> errors_of(const std::variant<Priced, Unpriced>& result) {
  std::vector<std::string> texts;
  if (const auto* unpriced = std::get_if<Unpriced>(&result)) {
    for (const FieldError& error : unpriced->errors) {
      texts.push_back(error.pointer + " " + error.code);
    }
  }
  return texts;
}

TEST(Pricing, LinesOfOneBookAreMergedAtTheCataloguesPrice) {
  const auto result = price(cart({{"emma", 1}, {"dune", 2}, {"emma", 3}}), kTags);
  ASSERT_TRUE(std::holds_alternative<Priced>(result));
  const Priced& priced = std::get<Priced>(result);
  EXPECT_EQ(priced.lines,
            (std::vector<orders::Line>{{"emma", "Emma", 4, 850}, {"dune", "Dune", 2, 1'299}}));
  EXPECT_EQ(priced.total, (base::Money{"EUR", 4 * 850 + 2 * 1'299}));
}

TEST(Pricing, EveryWrongItemIsNamed) {
  EXPECT_EQ(errors_of(price(cart({{"nope", 1}, {"dune", 1}, {"kim", 1}, {"gone", 2}}), kTags)),
            (std::vector<std::string>{"/items/0/book_id unknown_book",
                                      "/items/2/book_id mixed_currencies",
                                      "/items/3/book_id unknown_book"}));
}

TEST(Pricing, TheLimitOfCopiesHoldsForMergedLines) {
  EXPECT_TRUE(errors_of(price(cart({{"dune", 60}, {"dune", 39}}), kTags)).empty());
  EXPECT_EQ(errors_of(price(cart({{"dune", 60}, {"dune", 40}}), kTags)),
            (std::vector<std::string>{"/items/1/quantity quantity_limit"}));
}

TEST(Pricing, TheClientsTotalIsComparedAndNeverUsed) {
  CheckoutRequest request = cart({{"dune", 1}});
  request.expected_total = base::Money{"EUR", 1'299};
  EXPECT_TRUE(std::holds_alternative<Priced>(price(request, kTags)));
  for (const base::Money& wrong : {base::Money{"EUR", 1}, base::Money{"USD", 1'299}}) {
    request.expected_total = wrong;
    const auto result = price(request, kTags);
    ASSERT_TRUE(std::holds_alternative<Unpriced>(result));
    EXPECT_EQ(std::get<Unpriced>(result).code, "total_mismatch");
  }
}

TEST(Pricing, TheTotalIsTheSumOfAllItemsHoweverTheyAreSplit) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    base::SeededRandom random(seed);
    std::vector<Item> items;
    int64_t expected = 0;
    for (uint64_t count = 1 + random.below(20); count > 0; --count) {
      const bool dune = random.below(2) == 0;
      const auto quantity = static_cast<uint32_t>(1 + random.below(4));
      items.push_back({dune ? "dune" : "emma", quantity});
      expected += int64_t{quantity} * (dune ? 1'299 : 850);
    }
    const auto result = price(cart(items), kTags);
    ASSERT_TRUE(std::holds_alternative<Priced>(result)) << "seed " << seed;
    EXPECT_EQ(std::get<Priced>(result).total.minor, expected) << "seed " << seed;
    EXPECT_LE(std::get<Priced>(result).lines.size(), 2u);
  }
}

TEST(IdempotencyKey, IsPrintableAndShort) {
  EXPECT_TRUE(valid_idempotency_key("5f6d0f6e-2b1e-4a39-9a3e-1d9a0a0f2f11"));
  EXPECT_TRUE(valid_idempotency_key(std::string(255, 'k')));
  for (const std::string& wrong : {std::string(), std::string(256, 'k'), std::string("a b"),
                                   std::string("caf\xC3\xA9"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(valid_idempotency_key(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace bookstore::checkout
