#include "cli/order_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace bookstore::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

json::Value parse(const char* text) {
  return json::parse(text).value();
}

std::string table(const std::vector<std::vector<Cell>>& rows) {
  return format_table({"what", "how"}, rows, false);
}

TEST(OrderText, AnOrderInReviewSaysUntilWhenAndWhatMayBeDone) {
  const std::string text = table(order_rows(parse(
      R"({"id":"ord_1","status":"in_review","version":2,"updated_at":"2026-01-02T03:04:05.678Z",)"
      R"("totals":{"grand":{"currency":"EUR","minor":10396}},)"
      R"("operator":{"fraud":{"verdict":"review","score":0.76,"reasons":["a","b"]},)"
      R"("review":{"decide_until":"2026-01-09T03:04:05Z","decided_by":null},)"
      R"("executor":null,"actions":["approve","decline"]}})")));
  for (const char* line : {"103.96 EUR", "0.76", "a, b", "2026-01-02T03:04:05Z", "decide until",
                           "2026-01-09", "approve, decline"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("decided by"))) << "what is empty is left out";
}

TEST(OrderText, AnAmountOfCentsHasItsZeros) {
  const auto row =
      order_list_row(parse(R"({"id":"ord_1","status":"failed","reason":"out_of_stock",)"
                           R"("total":{"currency":"EUR","minor":5}})"));
  EXPECT_EQ(row[3].text, "0.05 EUR");
  EXPECT_EQ(row[6].text, "out_of_stock");
}

// A shopper's name must not move an operator's cursor or colour a terminal.
TEST(OrderText, ControlCharactersOfAShopperAreNotPrinted) {
  const auto row = order_list_row(parse(
      "{\"status\":\"failed\",\"customer_name\":\"\\u001b[2JMallory\\n\\u007f\\u009b\\u00e9\"}"));
  EXPECT_EQ(row[4].text, "?[2JMallory???é");
}

TEST(OrderText, AProblemIsOneSentenceWithItsCode) {
  EXPECT_EQ(problem_sentence(parse(R"({"title":"No","detail":"It is paid.","code":"x"})")),
            "No: It is paid. (x)");
  EXPECT_EQ(problem_sentence(parse(
                R"({"title":"No","code":"x","errors":[{"pointer":"/reason","detail":"Why?"}]})")),
            "No; /reason Why? (x)");
}

}  // namespace
}  // namespace bookstore::cli
