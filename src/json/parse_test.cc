#include <gtest/gtest.h>

#include "base/status.h"
#include "json/json.h"

namespace bookstore::json {
namespace {

std::string refusal(std::string_view text, const Limits& limits = {}) {
  const auto parsed = parse(text, limits);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return base::str(parsed.status().message());
}

std::string nested(int depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonParse, ReadsEveryKindOfValue) {
  const auto parsed = parse(R"({"a":[1,-2,0.5,true,null,"é\u00e9\n"],"b":{}})");
  ASSERT_TRUE(parsed.ok()) << base::describe(parsed.status());
  EXPECT_EQ(write(*parsed), "{\"a\":[1,-2,0.5,true,null,\"éé\\n\"],\"b\":{}}");
}

TEST(JsonParse, RefusesDuplicateKeysAtAnyDepthAndInAnySpelling) {
  EXPECT_EQ(refusal(R"({"a":1,"a":1})"), "duplicate key at byte 9");
  EXPECT_EQ(refusal(R"([{"x":{"a":1,"b":2,"a":3}}])").substr(0, 13), "duplicate key");
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":2})").substr(0, 13), "duplicate key");
}

TEST(JsonParse, AllowsTheSameKeyInDifferentObjects) {
  EXPECT_TRUE(parse(R"([{"a":1},{"a":{"a":2}}])").ok());
}

TEST(JsonParse, DepthIsLimitedExactly) {
  EXPECT_TRUE(parse(nested(16)).ok());
  EXPECT_FALSE(parse(nested(17)).ok());
  EXPECT_TRUE(parse("7", {.depth_max = 0}).ok());
  EXPECT_FALSE(parse("[]", {.depth_max = 0}).ok());
}

TEST(JsonParse, NumbersThatADoubleCannotHoldExactlyAreRefused) {
  EXPECT_TRUE(parse("9007199254740992").ok());
  EXPECT_TRUE(parse("-9007199254740992").ok());
  for (const char* text : {"9007199254740993", "-9007199254740993", "18446744073709551615",
                           "99999999999999999999999", "1e16", "1e400", "-1e400"}) {
    EXPECT_EQ(refusal(text).substr(0, 18), "number beyond 2^53") << text;
  }
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", " ", "{", "[1,]", "{\"a\":}", "NaN", "Infinity", "01", "1.", "'a'", "{a:1}", "[1] x",
        "[1][2]", "\"\xff\"", "\"\\ud800\"", "\"a\nb\"", "// c\n1", "tru"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
  }
}

TEST(JsonParse, RefusesTextBeyondTheLimit) {
  EXPECT_EQ(refusal("[1,2,3]", {.bytes_max = 6}), "longer than 6 bytes");
  EXPECT_TRUE(parse("[1,2,3]", {.bytes_max = 7}).ok());
}

TEST(JsonParse, AnErrorNeverRepeatsTheText) {
  const std::string message =
      refusal(R"({"number":"4111111111111111","number":"4111111111111111"})");
  EXPECT_EQ(message.find("4111"), std::string::npos);
}

TEST(JsonParse, AParsedValueOutlivesItsText) {
  std::string text = R"({"number":"4111111111111111"})";
  const auto parsed = parse(text);
  ASSERT_TRUE(parsed.ok());
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(parsed->at("number").as_string(), "4111111111111111");
}

}  // namespace
}  // namespace bookstore::json
