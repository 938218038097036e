// The API as a client sees it: HTTP over a real socket, the real runner, a real database; the
// services behind are the ones that answer what they are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/bytes.h"
#include "base/status.h"
#include "checkout/fake_services.h"
#include "crypto/secret.h"
#include "http/client.h"
#include "http/server.h"
#include "json/json.h"
#include "orchestrator/backends.h"
#include "orchestrator/key_check.h"
#include "orchestrator/move_listener.h"
#include "orchestrator/routes.h"
#include "postgres/test_database.h"
#include "telemetry/log.h"

namespace bookstore::orchestrator {
namespace {

using postgres::TestDatabase;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCardNumber[] = "4012888888881881";
constexpr char kCvc[] = "739";

// An executor whose transitions a test tells.
class ToldExecutor {
 public:
  explicit ToldExecutor(const base::Clock& clock) {
    fake_.watch = [this](rpc::ServerCall& call, const executor_client::FakeExecutor::Watch& watch) {
      return transitions_after(call, watch.after());
    };
    address = fake_.start(clock);
  }
  ~ToldExecutor() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  }

  void tell(const std::string& order_id, contracts::executor::OrderState state) {
    {
      const std::lock_guard lock(mutex_);
      contracts::executor::Transition transition;
      transition.set_order_id(order_id);
      transition.set_state(state);
      transition.set_index(1'000 + told_.size());
      told_.push_back(transition);
    }
    changed_.notify_all();
  }

  std::string address;

 private:
  contracts::executor::WatchTransitionsReply transitions_after(rpc::ServerCall& call,
                                                               uint64_t after) {
    contracts::executor::WatchTransitionsReply reply;
    std::unique_lock lock(mutex_);
    const size_t seen = after == 0 ? told_.size() : static_cast<size_t>(after - 1);
    if (after != 0) {
      while (!ended_ && !call.cancelled() && told_.size() <= seen) {
        changed_.wait_for(lock, std::chrono::milliseconds(20));
      }
    }
    for (size_t i = seen; i < told_.size(); ++i) *reply.add_transitions() = told_[i];
    reply.set_next(told_.size() + 1);
    return reply;
  }

  std::mutex mutex_;  // guards told_ and ended_
  std::condition_variable changed_;
  std::deque<contracts::executor::Transition> told_;
  bool ended_ = false;
  executor_client::FakeExecutor fake_;
};

struct Platform {
  explicit Platform(postgres::Pool& pool_in)
      : pool(pool_in),
        services(clock),
        told_executor(clock),
        verification({"verification", {services.verification}}, clock, random),
        fraud({"fraud", {services.fraud}}, clock, random),
        suggestions({"suggestions", {services.suggestions}}, clock, random),
        payment({"payment", {services.payment}}, clock, random),
        executor({.members = {services.executor}}, clock, random),
        watch({.members = {told_executor.address}}, clock, random),
        orders(pool),
        catalogue(pool),
        runner(patient(), {verification, fraud, suggestions, payment, executor, orders, pool, key,
                           strands, database, clock, random}),
        backends{pool,     orders, catalogue, verification, fraud,    suggestions, payment,
                 executor, watch,  runner,    strands,      database, clock},
        ports(make_ports(backends)),
        waits(ports) {
    add_routes(router, ports, waits, readiness, metrics);
    export_metrics(backends, metrics);
    server = std::make_unique<http::Server>(http::Server::Config{.listen = "127.0.0.1:0"}, router,
                                            clock, random, &metrics);
    const auto bound = server->start();
    EXPECT_TRUE(bound.ok()) << bound.status();
    port = bound.value_or(0);
    watch.start();
  }

  // A slow machine must not turn a good answer into a late one.
  static checkout::Runner::Config patient() {
    checkout::Runner::Config config;
    config.request_ms = 15'000;
    config.lease_ms = 20'000;
    config.checks_ms = 14'000;
    config.verification_ms = config.fraud_ms = config.tokenise_ms = config.suggestions_ms = 5'000;
    return config;
  }

  base::SystemClock clock;
  base::SystemRandom random;
  postgres::Pool& pool;
  checkout::FakeServices services;
  ToldExecutor told_executor;
  rpc::Client verification, fraud, suggestions, payment;
  executor_client::Client executor;
  executor_client::TransitionWatch watch;
  orders::Store orders;
  catalogue::Store catalogue;
  crypto::Secret key{std::string(32, 'k')};
  base::WorkerPool strands{"strands", 2, 256};
  base::WorkerPool database{"database", 4, 256};
  checkout::Runner runner;
  Backends backends;
  Ports ports;
  OrderWaits waits;
  process::Readiness readiness;
  telemetry::Registry metrics;
  http::Router router;
  std::unique_ptr<http::Server> server;
  int port = 0;
};

class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    sql("TRUNCATE orders.orders, catalogue.book CASCADE");
    platform_.emplace(TestDatabase::shared().pool());
    const std::vector<catalogue::Book> books = {{.id = "dune",
                                                 .title = "Dune",
                                                 .authors = {"Frank Herbert"},
                                                 .year = 1965,
                                                 .language = "en",
                                                 .subjects = {"science fiction"},
                                                 .description = "Sand.",
                                                 .price = {"EUR", 1'299},
                                                 .initial_stock = 10}};
    ASSERT_TRUE(platform_->catalogue.upsert(books, TestDatabase::shared().deadline()).ok());
    client_.emplace("127.0.0.1", platform_->port, platform_->clock);
  }

  static postgres::Result sql(const std::string& text) {
    auto rows = TestDatabase::shared().pool().query({text}, {}, TestDatabase::shared().deadline());
    EXPECT_TRUE(rows.ok()) << rows.status() << " in " << text;
    return rows.ok() ? std::move(*rows) : postgres::Result();
  }
  http::Response send(const std::string& method, const std::string& target,
                      http::Headers headers = {}, const std::string& body = "") {
    const auto response = client_->request(method, target, std::move(headers), body,
                                           base::Deadline::after(platform_->clock, 40'000));
    EXPECT_TRUE(response.ok()) << base::describe(response.status());
    return response.value_or(http::Response{.status = 0});
  }
  static json::Object cart() {
    return {
        {"items", {{{"book_id", "dune"}, {"quantity", 2}}}},
        {"customer", {{"name", "Ada"}, {"email", "ada@example.org"}}},
        {"billing_address",
         {{"line1", "1 Road"}, {"city", "London"}, {"postal_code", "SW1Y 4JH"}, {"country", "GB"}}},
        {"card",
         {{"number", kCardNumber}, {"expiry_month", 12}, {"expiry_year", 2030}, {"cvc", kCvc}}},
        {"shipping_class", "express"}};
  }
  http::Response checkout(const json::Object& body, const std::string& key = "key-1") {
    return send("POST", "/v1/checkout",
                {{"Content-Type", "application/json"}, {"Idempotency-Key", key}},
                json::write(body));
  }
  static std::string id_of(const http::Response& response) {
    return std::string(json::parse(response.body)->at("id").as_string());
  }

  std::optional<Platform> platform_;
  std::optional<http::Client> client_;
};

TEST_F(ApiTest, AnAcceptedOrderCanBeReadWhereLocationSays) {
  const http::Response accepted = checkout(cart());
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  EXPECT_EQ(accepted.headers.get("Retry-After"), "1");
  EXPECT_EQ(accepted.headers.get("Location"), "/v1/orders/" + id_of(accepted));
  const http::Response read = send("GET", std::string(accepted.headers.get("Location")));
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.headers.get("ETag"), accepted.headers.get("ETag"));
  EXPECT_THAT(read.body, HasSubstr("\"status\":\"accepted\""));
  EXPECT_THAT(read.body, HasSubstr("\"totals\":{\"grand\":{\"currency\":\"EUR\",\"minor\":2598}}"));
  EXPECT_THAT(read.body, HasSubstr("\"vector_clock\":{\"fraud\":"));
  EXPECT_EQ(send("GET", std::string(accepted.headers.get("Location")),
                 {{"If-None-Match", std::string(read.headers.get("ETag"))}})
                .status,
            304);
}

TEST_F(ApiTest, TheSameKeyGivesTheSameBytes) {
  const http::Response first = checkout(cart());
  const http::Response again = checkout(cart());
  EXPECT_EQ(first.body, again.body);
  EXPECT_FALSE(first.headers.has("Idempotency-Replayed"));
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
  for (const char* name : {"Location", "ETag", "Retry-After", "Content-Type"}) {
    EXPECT_EQ(first.headers.get(name), again.headers.get(name)) << name;
  }
  EXPECT_EQ(platform_->services.submits(), 1u);

  json::Object other = cart();
  other["shipping_class"] = "economy";
  const http::Response reused = checkout(other);
  EXPECT_EQ(reused.status, 422);
  EXPECT_THAT(reused.body, HasSubstr("\"code\":\"key_reused\""));
}

TEST_F(ApiTest, APriceIsTheCataloguesAndAnotherTotalIsAConflict) {
  json::Object body = cart();
  body["expected_total"] = {{"currency", "EUR"}, {"minor", 1}};
  const http::Response conflict = checkout(body);
  EXPECT_EQ(conflict.status, 409);
  EXPECT_THAT(conflict.body, HasSubstr("\"code\":\"total_mismatch\""));
  body["expected_total"] = {{"currency", "EUR"}, {"minor", 2'598}};
  EXPECT_EQ(checkout(body).status, 202);
}

TEST_F(ApiTest, WithoutAKeyNothingIsOrdered) {
  const http::Response response =
      send("POST", "/v1/checkout", {{"Content-Type", "application/json"}}, json::write(cart()));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"idempotency_key_missing\""));
  EXPECT_EQ(sql("SELECT 1 FROM orders.orders").rows(), 0u);
}

TEST_F(ApiTest, AWaitEndsWithTheTransitionThatEndsTheOrder) {
  const std::string id = id_of(checkout(cart()));
  http::Client other("127.0.0.1", platform_->port, platform_->clock);
  std::thread executor([&] {
    while (platform_->watch.subscribers() == 0) std::this_thread::yield();
    platform_->told_executor.tell(id, contracts::executor::ORDER_STATE_EXECUTING);
    platform_->told_executor.tell(id, contracts::executor::ORDER_STATE_COMPLETED);
  });
  const base::SteadyMs began_ms = platform_->clock.steady_ms();
  const http::Response read = send("GET", "/v1/orders/" + id, {{"Prefer", "wait=30"}});
  executor.join();
  EXPECT_LT(platform_->clock.steady_ms() - began_ms, 20'000);
  EXPECT_THAT(read.body, HasSubstr("\"status\":\"completed\""));
  EXPECT_EQ(read.headers.get("Preference-Applied"), "wait=30");
}

TEST_F(ApiTest, TheCardIsInNoLogLineAndNoRow) {
  std::mutex mutex;
  std::string log;
  telemetry::set_log_sink([&](const std::string& line) {
    const std::lock_guard lock(mutex);
    log += line + "\n";
  });
  telemetry::init_log("test", telemetry::Level::kDebug);
  EXPECT_EQ(checkout(cart(), "good").status, 202);
  json::Object wrong = cart();
  wrong["card"].as_object()["expiry_month"] = 13;
  EXPECT_EQ(checkout(wrong, "wrong").status, 422);
  platform_->services.set([](checkout::FakeServices::Answers& answers) {
    answers.tokenise = [](rpc::ServerCall&, const contracts::payment::TokeniseRequest&)
        -> absl::StatusOr<contracts::payment::TokeniseReply> {
      return absl::UnavailableError("the vault is down");
    };
  });
  EXPECT_EQ(checkout(cart(), "no vault").status, 400);  // a blank is not for keys
  EXPECT_EQ(checkout(cart(), "no-vault").status, 503);
  telemetry::set_log_sink(nullptr);

  EXPECT_THAT(log, Not(HasSubstr(kCardNumber)));
  for (const char* table :
       {"orders.orders", "orders.order_line", "orders.idempotency_key", "orders.event"}) {
    for (const postgres::Row& row :
         sql(std::string("SELECT t::text AS row FROM ") + table + " t")) {
      EXPECT_THAT(row.text("row"), Not(HasSubstr(kCardNumber))) << table;
      EXPECT_THAT(row.text("row"), Not(HasSubstr(base::to_hex(kCardNumber)))) << table;
    }
  }
}

TEST_F(ApiTest, BooksAreListedAndMetricsCountIt) {
  EXPECT_THAT(send("GET", "/v1/books").body, HasSubstr("\"title\":\"Dune\""));
  EXPECT_EQ(send("GET", "/v1/books/dune").status, 200);
  EXPECT_EQ(send("GET", "/v1/books/emma").status, 404);
  EXPECT_EQ(send("GET", "/v1/books?cursor=never-given").status, 400);
  EXPECT_EQ(send("GET", "/v1/books/dune/similar").status, 200);
  checkout(cart());
  const std::string metrics = send("GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("bookstore_checkouts_total{outcome=\"accepted\"} 1"));
  EXPECT_THAT(
      metrics,
      HasSubstr("bookstore_http_requests_total{route=\"/v1/books/{id}\",status=\"404\"} 1"));
}

TEST_F(ApiTest, ADatabaseBelongsToOnePlatformKey) {
  sql("TRUNCATE payment.key_check");
  const crypto::Secret other(std::string(32, 'o'));
  EXPECT_TRUE(check_platform_key(platform_->pool, platform_->key).ok())
      << "the first leaves its own";
  EXPECT_TRUE(check_platform_key(platform_->pool, platform_->key).ok());
  EXPECT_EQ(check_platform_key(platform_->pool, other).code(),
            absl::StatusCode::kFailedPrecondition);
  sql("TRUNCATE payment.key_check");
}

// Another orchestrator rejects the order; this one hears of it through the database.
TEST_F(ApiTest, AWaitHearsOfAnOrderThatAnotherOrchestratorRejected) {
  json::Object large = cart();
  large["items"].as_array()[0].as_object()["quantity"] = 99;
  platform_->services.set([](checkout::FakeServices::Answers& answers) {
    answers.score = [](rpc::ServerCall&,
                       const auto&) -> absl::StatusOr<contracts::fraud::ScoreOrderReply> {
      return absl::UnavailableError("x");
    };
  });
  const http::Response waiting = checkout(large);
  ASSERT_THAT(waiting.body, HasSubstr("\"status\":\"in_review\""));
  const std::string id = id_of(waiting);
  MoveListener moves(TestDatabase::shared().conninfo(), platform_->waits, platform_->clock);
  std::thread other([&] {
    while (platform_->waits.waiting() == 0) std::this_thread::yield();
    const orders::ReviewDecision declined{.order_id = {id},
                                          .revision = 2,
                                          .to = orders::State::kRejected,
                                          .reason = std::string(orders::kReasonReviewDeclined),
                                          .by = "another",
                                          .note = "",
                                          .clock = ""};
    const auto decided =
        platform_->orders.decide_review(declined, TestDatabase::shared().deadline());
    EXPECT_TRUE(decided.ok() && decided->has_value()) << decided.status();
  });
  const base::SteadyMs began_ms = platform_->clock.steady_ms();
  const http::Response heard =
      send("GET", "/v1/orders/" + id, {{"Prefer", "wait=30"}, {"If-None-Match", "\"2\""}});
  other.join();
  EXPECT_THAT(heard.body, HasSubstr("\"status\":\"rejected\""));
  EXPECT_LT(platform_->clock.steady_ms() - began_ms, 20'000);
}

}  // namespace
}  // namespace bookstore::orchestrator
