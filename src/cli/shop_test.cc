#include "cli/shop.h"

#include <gtest/gtest.h>

#include <set>

#include "base/fake_clock.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

// Written apart from make_card_number: from the right, every second digit counts twice.
bool passes_luhn(const std::string& number) {
  int sum = 0;
  bool twice = false;
  for (auto digit = number.rbegin(); digit != number.rend(); ++digit, twice = !twice) {
    const int value = (*digit - '0') * (twice ? 2 : 1);
    sum += value / 10 + value % 10;
  }
  return sum % 10 == 0;
}

TEST(Shopper, CardsPassTheCheckDigitAndAreNewEachTime) {
  base::SeededRandom random(11);
  std::set<std::string> numbers;
  for (int i = 0; i < 1000; ++i) {
    const std::string number = make_card_number(random);
    EXPECT_EQ(number.size(), 16u);
    EXPECT_TRUE(passes_luhn(number)) << number;
    numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 1000u);
}

TEST(Shopper, NobodyWasHereBefore) {
  base::SeededRandom random(12);
  const base::SystemClock clock;
  std::set<std::string> emails;
  for (int i = 0; i < 200; ++i) emails.insert(make_shopper(clock, random).email);
  EXPECT_EQ(emails.size(), 200u);
}

TEST(CheckoutBody, SaysWhatTheApiAsksFor) {
  base::SeededRandom random(13);
  const base::SystemClock clock;
  const Shopper shopper = make_shopper(clock, random);
  const auto body = json::parse(checkout_body(shopper, {"bk_0001", 2}, "express"));
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(text_at(*body, "/items/0/book_id"), "bk_0001");
  EXPECT_EQ(text_at(*body, "/customer/email"), shopper.email);
  EXPECT_EQ(text_at(*body, "/card/number"), shopper.card_number);
  EXPECT_EQ(text_at(*body, "/shipping_class"), "express");
  EXPECT_EQ(text_at(*body, "/no/such/thing"), "");
}

}  // namespace
}  // namespace bookstore::cli
