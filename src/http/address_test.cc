#include "http/address.h"

#include <gtest/gtest.h>

namespace bookstore::http {
namespace {

TEST(Address, HostAndPortAreRead) {
  const auto address = parse_address("db.internal:7104");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "db.internal");
  EXPECT_EQ(address->port, 7104);
  EXPECT_EQ(parse_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_address("0.0.0.0:0")->port, 0);
}

TEST(Address, AnythingElseIsRefused) {
  for (const char* text :
       {"", ":", "localhost", "localhost:", ":80", "localhost:65536", "localhost:-1",
        "localhost:8x", "::1:80", "[::1:80", "a b:1", "http://x:80", "localhost: 80"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

}  // namespace
}  // namespace bookstore::http
