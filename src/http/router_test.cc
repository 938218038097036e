#include "http/router.h"

#include <gtest/gtest.h>

namespace bookstore::http {
namespace {

using Kind = Router::Match::Kind;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    const Handler nothing = [](const std::shared_ptr<Exchange>&) {};
    router_.add("GET", "/v1/books", nothing);
    router_.add("GET", "/v1/books/{id}", nothing);
    router_.add("GET", "/v1/books/popular", nothing);
    router_.add("GET", "/v1/books/{id}/similar", nothing);
    router_.add("POST", "/v1/checkout", nothing);
  }
  Router router_;
};

TEST_F(RouterTest, FindsARouteAndItsDecodedParameter) {
  const auto match = router_.match("GET", "/v1/books/b%2D1/similar");
  EXPECT_EQ(match.kind, Kind::kHandler);
  EXPECT_EQ(match.pattern, "/v1/books/{id}/similar");
  EXPECT_EQ(match.path_params.at("id"), "b-1");
}

TEST_F(RouterTest, AnEscapedSlashDoesNotSplitASegment) {
  const auto match = router_.match("GET", "/v1/books/a%2Fsimilar");
  EXPECT_EQ(match.pattern, "/v1/books/{id}");
  EXPECT_EQ(match.path_params.at("id"), "a/similar");
}

TEST_F(RouterTest, ALiteralWinsOverAParameter) {
  EXPECT_EQ(router_.match("GET", "/v1/books/popular").pattern, "/v1/books/popular");
}

TEST_F(RouterTest, HeadIsAnsweredByGet) {
  EXPECT_EQ(router_.match("HEAD", "/v1/books").kind, Kind::kHandler);
  EXPECT_EQ(router_.match("HEAD", "/v1/checkout").kind, Kind::kMethodNotAllowed);
}

TEST_F(RouterTest, AnotherMethodIsToldWhatIsAllowed) {
  const auto match = router_.match("DELETE", "/v1/books/b1");
  EXPECT_EQ(match.kind, Kind::kMethodNotAllowed);
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(router_.match("OPTIONS", "/v1/checkout").kind, Kind::kOptions);
  EXPECT_EQ(router_.match("OPTIONS", "/v1/checkout").allow, "OPTIONS, POST");
}

TEST_F(RouterTest, OtherPathsAreNotFoundAndBrokenOnesAreBad) {
  for (const char* path : {"/", "/v1", "/v1/books/", "/v1/books//similar", "/v1/books/a/b",
                           "/V1/books", "/v1/books/a/similar/"}) {
    EXPECT_EQ(router_.match("GET", path).kind, Kind::kNotFound) << path;
  }
  for (const char* path : {"", "v1/books", "/v1/books/%", "/v1/books/%g0"}) {
    EXPECT_EQ(router_.match("GET", path).kind, Kind::kBadPath) << path;
  }
}

TEST_F(RouterTest, TheSameRouteTwiceIsOurBug) {
  EXPECT_DEATH(router_.add("GET", "/v1/books", nullptr), "GET /v1/books twice");
}

}  // namespace
}  // namespace bookstore::http
