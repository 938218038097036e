#include "transaction_verification/card_brand.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace bookstore::transaction_verification {
namespace {

std::string_view brand_of(std::string_view number) {
  const IinRange* range = find_iin_range(number);
  return range == nullptr ? std::string_view() : range->brand->name;
}

bool covers(const IinRange& range, uint32_t six_digits) {
  uint32_t prefix = six_digits;
  for (int digits = 6; digits > range.digits; --digits) prefix /= 10;
  return range.digits <= 6 && range.from <= prefix && prefix <= range.to;
}

std::string padded(uint32_t prefix) {
  std::string text = std::to_string(prefix);
  return std::string(6 - text.size(), '0') + text;
}

// The search is compared with reading the whole table; the table with itself for contradictions.
TEST(CardBrand, EveryPrefixOfSixDigitsHasAtMostOneBrandAndTheSearchFindsIt) {
  for (uint32_t prefix = 0; prefix < 1'000'000; ++prefix) {
    int longest = 0;
    std::set<std::string_view> brands;
    for (const IinRange& range : iin_ranges()) {
      if (!covers(range, prefix) || range.digits < longest) continue;
      if (range.digits > longest) brands.clear();
      longest = range.digits;
      brands.insert(range.brand->name);
    }
    ASSERT_LE(brands.size(), 1u) << prefix;
    ASSERT_EQ(brand_of(padded(prefix)), brands.empty() ? "" : *brands.begin()) << prefix;
  }
}

TEST(CardBrand, TheLongestPrefixWins) {
  EXPECT_EQ(brand_of("4011770000000000"), "visa");
  EXPECT_EQ(brand_of("4011780000000000"), "elo");
  EXPECT_EQ(brand_of("4011790000000000"), "elo");
  EXPECT_EQ(brand_of("4011800000000000"), "visa");
  EXPECT_EQ(brand_of("6500520000000000"), "troy");
  EXPECT_EQ(brand_of("6500530000000000"), "discover");
  EXPECT_EQ(brand_of("6373742300000000"), "hiper");
  EXPECT_EQ(brand_of("6373742400000000"), "maestro");
  EXPECT_EQ(brand_of("6218300000000000"), "maestro") << "a hole in UnionPay's ranges";
}

TEST(CardBrand, EdgesOfTheRangesAreInsideAndTheirNeighboursAreNot) {
  EXPECT_EQ(brand_of("2220990000000000"), "");
  EXPECT_EQ(brand_of("2221000000000000"), "mastercard");
  EXPECT_EQ(brand_of("2720990000000000"), "mastercard");
  EXPECT_EQ(brand_of("2721000000000000"), "");
  EXPECT_EQ(brand_of("3527000000000000"), "");
  EXPECT_EQ(brand_of("3528000000000000"), "jcb");
  EXPECT_EQ(brand_of("3589990000000000"), "jcb");
  EXPECT_EQ(brand_of("3590000000000000"), "");
  EXPECT_EQ(brand_of("3060000000000000"), "");
  EXPECT_EQ(brand_of("2205000000000000"), "");
}

struct Vector {
  const char* number;
  const char* brand;
};

// As the payment libraries agree on them: braintree/credit-card-type (MIT),
// src/__tests__/index.ts, whose "american-express" and "diners-club" are our amex and diners.
TEST(CardBrand, AgreesWithThePublishedVectors) {
  const auto vectors = std::to_array<Vector>({
      {"4111111111111111", "visa"},
      {"4012888888881881", "visa"},
      {"4222222222222", "visa"},
      {"4462030000000000", "visa"},
      {"4111111111111111110", "visa"},
      {"431274", "elo"},
      {"451416", "elo"},
      {"457393", "elo"},
      {"438935", "elo"},
      {"457631", "elo"},
      {"4576321111111111", "elo"},
      {"5066991111111118", "elo"},
      {"504175", "elo"},
      {"6277809990229178", "elo"},
      {"6500331111111111", "elo"},
      {"2221", "mastercard"},
      {"2226", "mastercard"},
      {"2239", "mastercard"},
      {"2720", "mastercard"},
      {"5555555555554444", "mastercard"},
      {"506099", "verve"},
      {"506127", "verve"},
      {"506129", "verve"},
      {"506150", "verve"},
      {"506163", "verve"},
      {"506195", "verve"},
      {"507888", "verve"},
      {"507941", "verve"},
      {"5061001234567890123", "verve"},
      {"34343434343434", "amex"},
      {"378282246310005", "amex"},
      {"300", "diners"},
      {"36", "diners"},
      {"30569309025904", "diners"},
      {"38520000023237", "diners"},
      {"6011", "discover"},
      {"644", "discover"},
      {"649", "discover"},
      {"6011000990139424", "discover"},
      {"62123456789002", "unionpay"},
      {"6221258812340000", "unionpay"},
      {"622018111111111111", "unionpay"},
      {"6229250000000000", "unionpay"},
      {"6260000000000000000", "unionpay"},
      {"6282000000000000", "unionpay"},
      {"6289000000000000000", "unionpay"},
      {"8100513433325374", "unionpay"},
      {"8111700872004845", "unionpay"},
      {"8168524506870054", "unionpay"},
      {"56", "maestro"},
      {"67", "maestro"},
      {"6304000000000000", "maestro"},
      {"6799990100000000019", "maestro"},
      {"62183", "maestro"},
      {"2131", "jcb"},
      {"18002", "jcb"},
      {"3530111333300000", "jcb"},
      {"3537286818376838569", "jcb"},
      {"2200", "mir"},
      {"22049999999999999", "mir"},
      {"6062820524845321", "hipercard"},
      {"6370950000000005", "hiper"},
      {"637612", "hiper"},
      {"63743358", "hiper"},
      {"0", ""},
      {"12", ""},
      {"181", ""},
      {"1802", ""},
      {"222099", ""},
      {"2721", ""},
      {"2132", ""},
      {"306", ""},
      {"31", ""},
      {"33", ""},
      {"7", ""},
      {"9", ""},
  });
  for (const Vector& vector : vectors) {
    EXPECT_EQ(brand_of(vector.number), vector.brand) << vector.number;
  }
}

TEST(CardBrand, LengthsAreThoseOfTheBrand) {
  struct Case {
    const char* number;
    std::set<size_t> lengths;
  };
  const auto cases = std::to_array<Case>({
      {"41", {13, 16, 18, 19}},
      {"51", {16}},
      {"34", {15}},
      {"6011", {16, 17, 18, 19}},
      {"36", {14, 16, 19}},
      {"3530", {16, 17, 18, 19}},
      {"1800", {15, 16, 17, 18, 19}},
      {"620", {14, 15, 16, 17, 18, 19}},
      {"63", {12, 13, 14, 15, 16, 17, 18, 19}},
      {"506099", {16, 18, 19}},
  });
  for (const Case& c : cases) {
    for (size_t length = 0; length < 64; ++length) {
      EXPECT_EQ(find_iin_range(c.number)->allows_length(length), c.lengths.contains(length))
          << c.number << " with " << length << " digits";
    }
  }
}

}  // namespace
}  // namespace bookstore::transaction_verification
