#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bookstore::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Headers, NamesCompareWithoutCase) {
  Headers headers{{"Content-Type", "text/plain"}};
  headers.add("x-a", "1");
  headers.add("X-A", "2");
  EXPECT_EQ(headers.get("content-type"), "text/plain");
  EXPECT_EQ(headers.get("X-A"), "1");
  EXPECT_EQ(headers.count("x-A"), 2u);
  headers.set("X-a", "3");
  EXPECT_EQ(headers.count("x-a"), 1u);
  EXPECT_FALSE(headers.has("x"));
}

TEST(PercentCoding, IsUndoneAndRefusesHalfAnEscape) {
  EXPECT_EQ(percent_decode("a%2Fb%20c+d"), "a/b c+d");
  EXPECT_EQ(percent_decode("a+b", /*plus_is_blank=*/true), "a b");
  for (const char* text : {"%", "%2", "%zz", "abc%"}) EXPECT_EQ(percent_decode(text), std::nullopt);
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(Query, IsReadInOrder) {
  EXPECT_THAT(
      *parse_query("limit=5&q=a%26b+c&empty=&flag&&"),
      ElementsAre(Pair("limit", "5"), Pair("q", "a&b c"), Pair("empty", ""), Pair("flag", "")));
  EXPECT_TRUE(parse_query("")->empty());
  EXPECT_EQ(parse_query("a=%f"), std::nullopt);
}

}  // namespace
}  // namespace bookstore::http
