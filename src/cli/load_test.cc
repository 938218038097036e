#include "cli/load.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "cli/load_connection.h"
#include "http/server.h"

namespace bookstore::cli {
namespace {

TEST(TakeAnswer, WaitsForTheWholeOfIt) {
  const std::string whole =
      "HTTP/1.1 202 Accepted\r\ncontent-length: 30\r\n\r\n{\"id\":\"ord_01ABC\",\"lines\":[1]}";
  std::string bytes;
  for (size_t i = 0; i + 1 < whole.size(); ++i) {
    bytes += whole[i];
    const auto nothing = take_answer(bytes);
    ASSERT_TRUE(nothing.ok()) << nothing.status();
    EXPECT_FALSE(nothing->has_value()) << i;
  }
  bytes += whole.back();
  const auto answer = take_answer(bytes);
  ASSERT_TRUE(answer.ok() && answer->has_value());
  EXPECT_EQ((*answer)->status, 202);
  EXPECT_EQ((*answer)->order_id, "ord_01ABC");
  EXPECT_FALSE((*answer)->closing);
  EXPECT_EQ(bytes, "");
}

TEST(TakeAnswer, ReadsTheCodeOfAProblem) {
  std::string bytes =
      "HTTP/1.1 503 Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\n"
      "{\"code\":\"overloaded\"}";
  const auto answer = take_answer(bytes);
  ASSERT_TRUE(answer.ok() && answer->has_value());
  EXPECT_EQ((*answer)->code, "overloaded");
  EXPECT_TRUE((*answer)->closing);
}

TEST(TakeAnswer, RefusesWhatIsNotHttp) {
  std::string bytes = "SSH-2.0-nobody\r\n\r\n";
  EXPECT_FALSE(take_answer(bytes).ok());
}

TEST(ParseDoor, TakesUrlsAndAddresses) {
  EXPECT_EQ(parse_door("http://127.0.0.1:8080/")->port, 8080);
  EXPECT_EQ(parse_door("localhost:81")->address, "127.0.0.1");
  for (const char* wrong : {"", "127.0.0.1", "http://127.0.0.1:", "127.0.0.1:80x", "a:0"})
    EXPECT_FALSE(parse_door(wrong).ok()) << wrong;
}

// A door whose answers a test chooses.
class LoadTest : public testing::Test {
 protected:
  using Handler = std::function<void(const std::shared_ptr<http::Exchange>&)>;

  void open(Handler handler) {
    router_.add("POST", "/v1/checkout", std::move(handler));
    server_ = std::make_unique<http::Server>(http::Server::Config{.listen = "127.0.0.1:0"}, router_,
                                             clock_, random_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    config_.doors = {{"127.0.0.1", static_cast<uint16_t>(*port)}};
    config_.book_ids = {"a-book"};
  }
  static void accept(http::Exchange& exchange) {
    http::Response answer{.status = 202};
    answer.body = R"({"id":"ord_01J"})";
    exchange.respond(std::move(answer));
  }
  std::map<size_t, Purchase> run() {
    std::map<size_t, Purchase> orders;
    Load load(config_, clock_, random_);
    const absl::Status status = load.run(
        steady_us(), [&](size_t i, const Purchase& order) { orders[i] = order; },
        [] { return true; });
    EXPECT_TRUE(status.ok()) << status;
    return orders;
  }

  const base::SystemClock clock_;
  base::SystemRandom random_;
  http::Router router_;
  LoadConfig config_{.rate_per_s = 1'000, .duration_ms = 100};
  std::unique_ptr<http::Server> server_;
};

TEST_F(LoadTest, EveryOrderIsAShopperOfItsOwnWithAKeyOfItsOwn) {
  std::set<std::string> keys, bodies;
  open([&](const std::shared_ptr<http::Exchange>& exchange) {
    keys.emplace(exchange->request().header("Idempotency-Key"));
    bodies.insert(exchange->take_body());
    accept(*exchange);
  });
  const auto orders = run();
  EXPECT_EQ(orders.size(), 100u);
  EXPECT_EQ(keys.size(), 100u);
  EXPECT_EQ(bodies.size(), 100u);
  for (const auto& [index, order] : orders) {
    EXPECT_EQ(order.status, 202);
    EXPECT_EQ(order.order_id, "ord_01J");
    EXPECT_EQ(order.intended_us - orders.at(0).intended_us, static_cast<int64_t>(index) * 1'000);
  }
}

// The point of an open loop: one connection, one stall of 50 ms at the first order, and the orders
// that were to start in it are charged with what was left of it, although they were sent later.
TEST_F(LoadTest, AStallIsChargedToEveryOrderThatShouldHaveStartedInIt) {
  config_.connections_max = 1;
  int64_t stalled_until_us = 0;
  open([&](const std::shared_ptr<http::Exchange>& exchange) {
    if (stalled_until_us == 0) stalled_until_us = steady_us() + 50'000;
    while (steady_us() < stalled_until_us) std::this_thread::yield();
    accept(*exchange);
  });
  const auto orders = run();
  ASSERT_EQ(orders.size(), 100u);
  for (size_t i = 0; i < 50; ++i) {
    const Purchase& order = orders.at(i);
    EXPECT_GE(order.answered_us, stalled_until_us) << i;
    EXPECT_GE(order.answered_us - order.intended_us, 50'000 - static_cast<int64_t>(i) * 1'000) << i;
  }
}

TEST_F(LoadTest, ADoorThatIsShutGivesNoAnswer) {
  open([](const std::shared_ptr<http::Exchange>& exchange) { accept(*exchange); });
  server_->shutdown(base::Deadline::after(clock_, 1'000));
  for (const auto& [index, order] : run()) EXPECT_EQ(order.status, 0) << index;
}

TEST_F(LoadTest, WhoInsistsTriesAgainWithTheSameKey) {
  config_.insist_ms = 10'000;
  config_.rate_per_s = 10;  // one order
  std::vector<std::string> refusals;
  config_.on_refusal = [&](const Purchase& order) { refusals.push_back(order.code); };
  std::vector<std::string> keys;
  open([&](const std::shared_ptr<http::Exchange>& exchange) {
    keys.emplace_back(exchange->request().header("Idempotency-Key"));
    if (keys.size() > 2) return accept(*exchange);
    http::Response answer{.status = keys.size() == 1 ? 503 : 429};
    answer.body = keys.size() == 1 ? R"({"code":"no_leader"})" : R"({"code":"queue_full"})";
    exchange->respond(std::move(answer));
  });
  const auto orders = run();
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders.at(0).status, 202);
  EXPECT_EQ(orders.at(0).tries, 3);
  EXPECT_EQ(refusals, (std::vector<std::string>{"no_leader", "queue_full"}));
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(keys[0], keys[2]);
}

}  // namespace
}  // namespace bookstore::cli
