#include "orchestrator/book_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"
#include "orchestrator/fake_exchange.h"

namespace bookstore::orchestrator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

catalogue::ListedBook a_book(const std::string& id) {
  catalogue::ListedBook listed;
  listed.book = {.id = id,
                 .title = "Noli me tangere",
                 .authors = {"José Rizal"},
                 .year = 1887,
                 .language = "es",
                 .subjects = {"classic"},
                 .description = "A young man.",
                 .price = {"EUR", 940}};
  listed.revision = 7;
  return listed;
}

class BookRoutesTest : public ::testing::Test {
 protected:
  BookRoutesTest() {
    ports_.database = &database_;
    ports_.clock = &clock_;
    ports_.list_books = [this](size_t limit, const std::string& cursor,
                               base::Deadline) -> absl::StatusOr<catalogue::Page> {
      if (!database_status_.ok()) return database_status_;
      if (cursor == "bad") return absl::InvalidArgumentError("cursor");
      asked_limit_ = limit;
      return catalogue::Page{{a_book("b1"), a_book("b2")}, cursor.empty() ? "b2" : ""};
    };
    ports_.get_book = [this](const std::string& id,
                             base::Deadline) -> absl::StatusOr<catalogue::ListedBook> {
      if (!database_status_.ok()) return database_status_;
      if (id != "b1") return absl::NotFoundError(id);
      return a_book(id);
    };
    ports_.available = [this](const std::vector<std::string>&, base::Deadline) {
      return available_;
    };
    ports_.similar = [this](const auto& request, const std::string&, base::Deadline,
                            const auto& done) {
      asked_limit_ = request.limit();
      done(similar_);
    };
    add_book_routes(router_, ports_);
  }
  http::Response get(const std::string& path, http::Headers headers = {}) {
    http::Request request{.method = "GET", .path = path.substr(0, path.find('?'))};
    if (path.find('?') != std::string::npos) {
      request.query = *http::parse_query(path.substr(path.find('?') + 1));
    }
    request.headers = std::move(headers);
    return serve(router_, std::move(request))->answer();
  }

  base::SystemClock clock_;
  base::WorkerPool database_{"db", 1, 8};
  absl::Status database_status_;
  absl::StatusOr<std::map<std::string, int64_t>> available_ =
      std::map<std::string, int64_t>{{"b1", 3}};
  absl::StatusOr<contracts::suggestions::SuggestReply> similar_ =
      contracts::suggestions::SuggestReply();
  size_t asked_limit_ = 0;
  Ports ports_;
  http::Router router_;
};

TEST_F(BookRoutesTest, APageLeadsToTheNextAndTheLastToNone) {
  const http::Response first = get("/v1/books?limit=2");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(asked_limit_, 2u);
  EXPECT_THAT(first.body, HasSubstr("\"next_cursor\":\"b2\""));
  EXPECT_EQ(first.headers.get("Link"), "</v1/books?limit=2&cursor=b2>; rel=\"next\"");
  EXPECT_THAT(first.body, HasSubstr("\"available\":3"));
  const http::Response last = get("/v1/books?cursor=b2");
  EXPECT_EQ(asked_limit_, 20u);
  EXPECT_THAT(last.body, HasSubstr("\"next_cursor\":null"));
  EXPECT_FALSE(last.headers.has("Link"));
}

TEST_F(BookRoutesTest, WrongParametersAreNamed) {
  for (const char* path :
       {"/v1/books?limit=0", "/v1/books?limit=101", "/v1/books?limit=x", "/v1/books?limit="}) {
    const http::Response response = get(path);
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_THAT(response.body, HasSubstr("\"pointer\":\"query:limit\"")) << path;
  }
  for (const char* path :
       {"/v1/books?cursor=bad", "/v1/books?cursor=%00", "/v1/books?cursor=a%20b"}) {
    EXPECT_THAT(get(path).body, HasSubstr("\"pointer\":\"query:cursor\"")) << path;
  }
}

TEST_F(BookRoutesTest, ABookHasATagThatFollowsRevisionAndStock) {
  const http::Response response = get("/v1/books/b1");
  EXPECT_EQ(response.headers.get("ETag"), "\"7-3\"");
  EXPECT_EQ(response.body,
            R"({"id":"b1","title":"Noli me tangere","authors":["José Rizal"],"year":1887,)"
            R"("language":"es","subjects":["classic"],"description":"A young man.",)"
            R"("price":{"currency":"EUR","minor":940},"available":3,)"
            R"("links":{"self":"/v1/books/b1","similar":"/v1/books/b1/similar"}})");
  EXPECT_EQ(get("/v1/books/b1", {{"If-None-Match", "\"7-3\""}}).status, 304);
  available_ = std::map<std::string, int64_t>{{"b1", 2}};
  EXPECT_EQ(get("/v1/books/b1", {{"If-None-Match", "\"7-3\""}}).status, 200);
}

TEST_F(BookRoutesTest, WithoutTheStockTheBookIsShownAllTheSame) {
  available_ = absl::UnavailableError("no inventory");
  const http::Response response = get("/v1/books/b1");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, Not(HasSubstr("available")));
}

TEST_F(BookRoutesTest, UnknownBooksAre404AndALostDatabase503) {
  EXPECT_EQ(get("/v1/books/b9").status, 404);
  EXPECT_EQ(get("/v1/books/%20").status, 404);
  database_status_ = absl::UnavailableError("connection refused");
  EXPECT_EQ(get("/v1/books/b1").status, 503);
  const http::Response response = get("/v1/books");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"database_unavailable\""));
}

TEST_F(BookRoutesTest, SimilarBooksAreShown) {
  auto* suggestion = similar_->add_suggestions();
  suggestion->set_book_id("b2");
  suggestion->set_title("Dune");
  suggestion->add_authors("Frank Herbert");
  suggestion->set_score(0.5);
  suggestion->set_reason("similar to Noli me tangere");
  const http::Response response = get("/v1/books/b1/similar?limit=7");
  EXPECT_EQ(asked_limit_, 7u);
  EXPECT_EQ(response.body,
            R"({"items":[{"book_id":"b2","title":"Dune","authors":["Frank Herbert"],"score":0.5,)"
            R"("reason":"similar to Noli me tangere","links":{"self":"/v1/books/b2"}}],)"
            R"("degraded":[]})");
}

TEST_F(BookRoutesTest, WithoutTheSuggestionsServiceTheListIsEmptyAndSaysSo) {
  similar_ = absl::UnavailableError("down");
  const http::Response response = get("/v1/books/b1/similar");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"items":[],"degraded":["suggestions"]})");
  similar_ = absl::NotFoundError("b1");
  EXPECT_EQ(get("/v1/books/b1/similar").status, 404);
}

}  // namespace
}  // namespace bookstore::orchestrator
