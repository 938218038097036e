#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/store.h"
#include "checkout/fake_services.h"
#include "checkout/runner.h"
#include "crypto/secret.h"
#include "executor_client/client.h"
#include "json/json.h"
#include "orders/store.h"
#include "postgres/test_database.h"
#include "rpc/client.h"

// For tests of whole checkouts: the runner, real gRPC to services that answer what a test tells
// them, a real database. Nothing sleeps: tests wait for answers and latches.
namespace bookstore::checkout {

using orders::State;
using postgres::TestDatabase;

inline constexpr char kCardNumber[] = "4242424242424242";
inline constexpr char kCvc[] = "739";
inline constexpr int kDatabaseThreads = 6;
// Where a test has to live through the end of a request: the executor is asked until then.
inline constexpr base::DurationMs kShortRequestMs = 1'500;

// The processes around one runner.
struct Platform {
  explicit Platform(Runner::Config config)
      : services(clock),
        verification({"verification", {services.verification}}, clock, random),
        fraud({"fraud", {services.fraud}}, clock, random),
        suggestions({"suggestions", {services.suggestions}}, clock, random),
        payment({"payment", {services.payment}}, clock, random),
        executor({.members = {services.executor}, .leader_wait_ms = 50}, clock, random),
        orders(TestDatabase::shared().pool()),
        catalogue(TestDatabase::shared().pool()),
        runner(std::move(config),
               {verification, fraud, suggestions, payment, executor, orders,
                TestDatabase::shared().pool(), key, strands, database, clock, random}) {}

  base::SystemClock clock;
  base::SystemRandom random;
  FakeServices services;
  rpc::Client verification, fraud, suggestions, payment;
  executor_client::Client executor;
  orders::Store orders;
  catalogue::Store catalogue;
  crypto::Secret key{std::string(32, 'k')};
  base::WorkerPool strands{"strands", 2, 256};
  base::WorkerPool database{"database", kDatabaseThreads, 256};
  Runner runner;
};

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    sql("TRUNCATE orders.orders, catalogue.book CASCADE");
    // A slow machine must not turn a good answer into a late one.
    start_platform(/*request_ms=*/15'000);
    const std::vector<catalogue::Book> books = {book("dune", 1'299), book("emma", 850)};
    ASSERT_TRUE(platform_->catalogue.upsert(books, deadline()).ok());
  }

  void start_platform(base::DurationMs request_ms, size_t active_max = 256) {
    Runner::Config config;
    config.active_max = active_max;
    config.request_ms = request_ms;
    config.checks_ms = request_ms - 500;
    config.verification_ms = config.fraud_ms = config.tokenise_ms = config.suggestions_ms = 5'000;
    config.lease_ms = 20'000;
    config.takeover_every_ms = 20;
    platform_.reset();
    platform_.emplace(config);
  }

  static base::Deadline deadline() { return TestDatabase::shared().deadline(); }
  static postgres::Result sql(const std::string& text) {
    auto rows = TestDatabase::shared().pool().query({text}, {}, deadline());
    EXPECT_TRUE(rows.ok()) << rows.status() << " in " << text;
    return rows.ok() ? std::move(*rows) : postgres::Result();
  }
  static void lapse_leases() {
    sql("UPDATE orders.orders SET lease_until = lease_until - interval '1 minute'");
  }
  static catalogue::Book book(const std::string& id, int64_t price_minor) {
    return {id,   std::nullopt, "Title of " + id, {"Its Author"},       1965,
            "en", {},           "It happens.",    {"EUR", price_minor}, 10};
  }

  static CheckoutRequest cart(uint32_t dunes = 2) {
    CheckoutRequest request;
    request.items = {{"dune", dunes}};
    request.customer = {"Ada Lovelace", "Ada@Example.org"};
    request.billing_address = {"12 St James's Square", "", "London", "", "SW1Y 4JH", "GB"};
    request.card = {kCardNumber, 12, 2031, kCvc, "Ada Lovelace"};
    request.canonical_body = "dunes " + std::to_string(dunes);
    return request;
  }
  std::future<Answer> begin(CheckoutRequest request, const std::string& key = "key-1") {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    platform_->runner.run(std::move(request), {key, "", "203.0.113.9"},
                          [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return future;
  }
  Answer checkout(CheckoutRequest request = cart(), const std::string& key = "key-1") {
    return begin(std::move(request), key).get();
  }
  static std::string header(const Answer& answer, const std::string& name) {
    for (const auto& [field, value] : answer.headers) {
      if (field == name) return value;
    }
    return "";
  }
  static json::Object parse(const Answer& answer) {
    auto value = json::parse(answer.body);
    EXPECT_TRUE(value.ok()) << value.status() << ": " << answer.body;
    return value.ok() ? value->as_object() : json::Object();
  }
  static std::string text(const json::Object& object, const char* name) {
    const auto* member = object.if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->as_string()) : "";
  }
  static std::string code(const Answer& answer) { return text(parse(answer), "code"); }

  // The one order of the database.
  orders::Order only_order() {
    const auto rows = sql("SELECT order_id FROM orders.orders");
    EXPECT_EQ(rows.rows(), 1u);
    if (rows.rows() != 1) return {};
    const auto order = platform_->orders.read({rows[0].text("order_id")}, deadline());
    EXPECT_TRUE(order.ok()) << order.status();
    return order.value_or(orders::Order{});
  }
  static int64_t count(const std::string& table) {
    return sql("SELECT count(*) AS n FROM " + table)[0].int64("n");
  }
  void set(const std::function<void(FakeServices::Answers&)>& change) {
    platform_->services.set(change);
  }
  FakeServices& services() { return platform_->services; }

  std::optional<Platform> platform_;
};

inline absl::Status down() {
  return absl::UnavailableError("down");
}

}  // namespace bookstore::checkout
