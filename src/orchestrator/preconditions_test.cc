#include "orchestrator/preconditions.h"

#include <gtest/gtest.h>

namespace bookstore::orchestrator {
namespace {

TEST(EntityTags, AreFoundInAListWeakOrStrong) {
  EXPECT_TRUE(names_etag("\"7\"", "\"7\""));
  EXPECT_TRUE(names_etag("\"1\", W/\"7\" , \"9\"", "\"7\""));
  EXPECT_TRUE(names_etag(" * ", "\"7\""));
  EXPECT_FALSE(names_etag("", "\"7\""));
  EXPECT_FALSE(names_etag("\"77\", 7", "\"7\""));
}

std::optional<base::DurationMs> wait_of(const std::string& prefer) {
  return preferred_wait_ms(http::Headers{{"prefer", prefer}});
}

TEST(PreferWait, IsReadAmongOtherPreferencesAndBounded) {
  EXPECT_EQ(wait_of("wait=20"), 20'000);
  EXPECT_EQ(wait_of("respond-async, Wait = 5"), 5'000);
  EXPECT_EQ(wait_of("wait=0"), 0);
  EXPECT_EQ(wait_of("wait=1000000"), kWaitMaxMs);
}

TEST(PreferWait, WhatCannotBeReadIsIgnored) {
  for (const char* prefer : {"", "wait", "wait=", "wait=-1", "wait=soon", "waits=5", "wait=1.5"}) {
    EXPECT_EQ(wait_of(prefer), std::nullopt) << prefer;
  }
  EXPECT_EQ(preferred_wait_ms({}), std::nullopt);
}

TEST(MediaType, IsJsonWithParametersOrWithout) {
  EXPECT_TRUE(is_json("application/json"));
  EXPECT_TRUE(is_json("Application/JSON; charset=utf-8"));
  for (const char* type : {"", "text/json", "application/jsonp", "application/problem+json"}) {
    EXPECT_FALSE(is_json(type)) << type;
  }
}

TEST(Number, IsWholeAndInRange) {
  EXPECT_EQ(parse_number("100", 1, 100), 100);
  for (const char* text : {"", "0", "101", "5x", " 5", "+5", "99999999999999999999"}) {
    EXPECT_EQ(parse_number(text, 1, 100), std::nullopt) << text;
  }
}

TEST(Conditional, GivesTheResourceOnlyToAClientThatDoesNotHaveIt) {
  http::Request request;
  const http::Response fresh = conditional(request, "\"7\"", http::text_response(200, "x"));
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(fresh.headers.get("ETag"), "\"7\"");
  request.headers.add("If-None-Match", "\"7\"");
  const http::Response same = conditional(request, "\"7\"", http::text_response(200, "x"));
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.headers.get("ETag"), "\"7\"");
}

}  // namespace
}  // namespace bookstore::orchestrator
