// The service over a real socket and a real database: what an order's calls and a book's page get.
#include "suggestions/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/random.h"
#include "causality/ledger.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"
#include "suggestions/book_text.h"
#include "suggestions/test_catalogue.h"

namespace bookstore::suggestions {
namespace {

namespace api = contracts::suggestions;
using postgres::TestDatabase;
using testing::ElementsAre;

class SuggestionsService : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    catalogue_.emplace(TestDatabase::shared());
    store_.emplace(TestDatabase::shared().pool(), "model.1");
    ledger_.emplace(causality::Ledger::Config{.host = "suggestions"}, clock_);
    service_.emplace(Service::Config{}, *store_, clock_, metrics_);
    server_.emplace(rpc::Server::Config{.listen = "127.0.0.1:0"}, clock_, &*ledger_);
    service_->register_on(*server_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_.emplace(rpc::Client::Config{.peer = "suggestions",
                                        .addresses = {"127.0.0.1:" + std::to_string(*port)}},
                    clock_, random_);
    index({"dune", "Dune", {"Frank Herbert"}, {"science fiction", "ecology"}, ""}, 0);
    index({"hyperion", "Hyperion", {"Dan Simmons"}, {"science fiction"}, ""}, 0.1f);
    index({"walden", "Walden", {"Henry David Thoreau"}, {"ecology", "essays"}, ""}, 0.5f);
    index({"gone", "Gone", {"Nobody"}, {}, ""}, 0.05f, /*stock=*/0);
  }

  void index(const Book& book, float lean, int64_t stock = 5) {
    catalogue_->put(book, stock);
    auto pending = store_->pending("", 100, deadline());
    ASSERT_TRUE(pending.ok()) << pending.status();
    for (const auto& next : *pending) {
      const Store::Embedded row{next.book.id, next.book_revision, text_hash(book_text(next.book)),
                                TestCatalogue::direction(0, lean)};
      ASSERT_TRUE(store_->save({&row, 1}, deadline()).ok());
    }
  }
  base::Deadline deadline() const { return base::Deadline::after(clock_, 20'000); }
  rpc::CallOptions about(const std::string& order_id) {
    return {.deadline = deadline(), .order = {order_id, {1, 0}, recorder_}};
  }
  static contracts::common::OrderKey key(const std::string& order_id) {
    contracts::common::OrderKey key;
    key.set_order_id(order_id);
    key.set_attempt(1);
    return key;
  }
  absl::Status init(const std::string& order_id, const std::vector<std::string>& cart) {
    api::InitRequest request;
    *request.mutable_order() = key(order_id);
    request.set_issued_at_ms(clock_.wall_ms());
    for (const auto& id : cart) request.add_book_ids(id);
    return client_->call_and_wait(api::kInit, request, about(order_id)).status();
  }
  absl::StatusOr<api::SuggestReply> suggest(const std::string& order_id, uint32_t limit = 5) {
    api::SuggestRequest request;
    *request.mutable_order() = key(order_id);
    request.set_limit(limit);
    return client_->call_and_wait(api::kSuggest, request, about(order_id));
  }
  absl::StatusOr<api::SuggestReply> similar(const std::string& book_id, uint32_t limit = 5) {
    api::SimilarRequest request;
    request.set_book_id(book_id);
    request.set_limit(limit);
    return client_->call_and_wait(api::kSimilar, request, {.deadline = deadline()});
  }
  static std::vector<std::string> ids(const api::SuggestReply& reply) {
    std::vector<std::string> result;
    for (const auto& suggestion : reply.suggestions()) result.push_back(suggestion.book_id());
    return result;
  }
  static std::string code(const absl::Status& status) {
    const auto refusal = rpc::refusal_of(status);
    return refusal ? refusal->code : "none: " + status.ToString();
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  telemetry::Registry metrics_;
  std::shared_ptr<causality::Recorder> recorder_ =
      std::make_shared<causality::Recorder>("orchestrator-1");
  std::optional<TestCatalogue> catalogue_;
  std::optional<Store> store_;
  std::optional<causality::Ledger> ledger_;
  std::optional<Service> service_;
  std::optional<rpc::Server> server_;
  std::optional<rpc::Client> client_;
};

TEST_F(SuggestionsService, AnOrderGetsTheNearestSellableBooksWithTheirReasons) {
  ASSERT_TRUE(init("ord_1", {"dune"}).ok());
  const auto reply = suggest("ord_1");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(ids(*reply), ElementsAre("hyperion", "walden"));
  EXPECT_EQ(reply->suggestions(0).title(), "Hyperion");
  EXPECT_EQ(reply->suggestions(0).authors(0), "Dan Simmons");
  EXPECT_EQ(reply->suggestions(0).reason(), "similar to Dune: science fiction");
  EXPECT_EQ(reply->suggestions(1).reason(), "similar to Dune: ecology");
  EXPECT_GT(reply->suggestions(0).score(), reply->suggestions(1).score());
  EXPECT_EQ(suggest("ord_1", 1)->suggestions_size(), 1);
}

TEST_F(SuggestionsService, AnOrderIsKnownAfterItsInitOnly) {
  EXPECT_EQ(suggest("ord_2").status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(init("ord_2", {"hyperion", "hyperion", "nowhere"}).ok());
  EXPECT_THAT(ids(*suggest("ord_2")), ElementsAre("dune", "walden"));
}

TEST_F(SuggestionsService, ABooksPageGetsItsNeighbours) {
  const auto reply = similar("walden");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(ids(*reply), ElementsAre("hyperion", "dune"));
  EXPECT_EQ(code(similar("nowhere").status()), "unknown_book");
  EXPECT_EQ(code(similar("no such id!").status()), "bad_book_id");
}

TEST_F(SuggestionsService, LimitsAndCartsAreJudged) {
  for (const uint32_t limit : {0u, 21u}) {
    EXPECT_EQ(code(similar("dune", limit).status()), "bad_limit");
  }
  EXPECT_EQ(code(init("ord_3", {})), "bad_cart");
  EXPECT_EQ(code(init("ord_4", std::vector<std::string>(101, "dune"))), "bad_cart");
  EXPECT_EQ(code(init("ord_5", {"../dune"})), "bad_book_id");
}

TEST_F(SuggestionsService, ABookWithoutAVectorIsAskedForAgainLater) {
  catalogue_->put({"new", "New", {"Somebody"}, {}, ""});
  const absl::Status status = similar("new").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(status), "not_indexed");
  EXPECT_TRUE(rpc::refusal_of(status)->retryable);
}

TEST_F(SuggestionsService, TheIndexSaysHowFarItIs) {
  catalogue_->put({"new", "New", {"Somebody"}, {}, ""});
  const auto reply = client_->call_and_wait(api::kIndexStatus, api::IndexStatusRequest(),
                                            {.deadline = deadline()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->books(), 5u);
  EXPECT_EQ(reply->indexed(), 4u);
  EXPECT_EQ(reply->model_revision(), "model.1");
}

}  // namespace
}  // namespace bookstore::suggestions
