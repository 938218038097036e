// Orders over HTTP through all real processes: what a shopper is told, what becomes of the stock,
// and what the provider says it captured.
#include <gtest/gtest.h>

#include <thread>

#include "running_platform.h"

namespace bookstore::integration {
namespace {

class Orders : public RunningPlatform {
 protected:
  void TearDown() override {
    if (!IsSkipped()) {
      EXPECT_EQ(platform().unexpected_ends(), "");
    }
  }
  absl::StatusOr<http::Response> checkout(const std::string& body) {
    return shop().checkout(body, new_key());
  }
  int64_t stock(const TestBook& book) {
    const auto stock = shop().free_stock(book.id);
    EXPECT_TRUE(stock.ok()) << stock.status();
    return stock.value_or(-1);
  }
  int64_t captures(const std::string& order_id) {
    const auto captures = shop().captures(order_id);
    EXPECT_TRUE(captures.ok()) << captures.status();
    return captures.value_or(-1);
  }
  std::string body_of(const cli::Shopper& shopper, const TestBook& book, int quantity) {
    return cli::checkout_body(shopper, {book.id, quantity});
  }
  // The body with one member set: "/card/cvc".
  static std::string with(const std::string& body, const std::string& pointer, json::Value value) {
    json::Value document = json::parse(body).value();
    const size_t slash = pointer.rfind('/');
    document.at_pointer(pointer.substr(0, slash)).as_object()[pointer.substr(slash + 1)] =
        std::move(value);
    return json::write(document);
  }
};

TEST_F(Orders, AGoodOneIsCompletedTheStockIsDownAndTheCardChargedOnce) {
  const int64_t before = stock(kAlsoPlenty);
  const auto answer = checkout(body_of(shopper(), kAlsoPlenty, 2));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->status, 202) << answer->body;
  const std::string id = text_of(answer, "/id");
  EXPECT_EQ(answer->headers.get("Location"), "/v1/orders/" + id);
  EXPECT_EQ(end_of(id), "completed");
  EXPECT_EQ(stock(kAlsoPlenty), before - 2);
  EXPECT_EQ(captures(id), 1);
}

TEST_F(Orders, TheOrderShowsItsPriceAndTheClockOfEveryProcessThatKnewIt) {
  const auto answer = checkout(body_of(shopper(), kAlsoPlenty, 3));
  ASSERT_TRUE(answer.ok()) << answer.status();
  const std::string id = text_of(answer, "/id");
  const auto order = shop().wait_for_end(id, within(60'000));
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->at_pointer("/totals/grand/minor").as_int64(), 3 * kAlsoPlenty.price_minor);
  const auto& clock = order->at("vector_clock").as_object();
  for (const char* host : {"orchestrator-1", "verification", "fraud"}) {
    EXPECT_TRUE(clock.contains(host)) << host << " in " << json::write(order->at("vector_clock"));
  }
}

TEST_F(Orders, WrongFieldsAreRefusedByPointerAndNothingIsHeldOrCharged) {
  const std::string good = body_of(shopper(), kAlsoPlenty, 1);
  const int64_t before = stock(kAlsoPlenty);
  struct Case {
    const char* pointer;
    json::Value value;
    const char* code;
    const char* wrong;  // pointer of the first error
    const char* why;    // its code
  };
  const Case cases[] = {
      {"/card/number", "4242424242424241", "card_invalid", "/card/number", "luhn_failed"},
      {"/card/number", "0000000000000000", "card_invalid", "/card/number", "unknown_brand"},
      {"/card/expiry_year", 2020, "card_invalid", "/card/expiry_year", "expired"},
      {"/card/cvc", "1234", "card_invalid", "/card/cvc", "wrong_length"},
      {"/billing_address/postal_code", "ABC", "billing_invalid", "/billing_address/postal_code",
       "invalid"},
      {"/billing_address/country", "ZZ", "billing_invalid", "/billing_address/country",
       "unknown_country"},
  };
  for (const Case& c : cases) {
    const auto answer = checkout(with(good, c.pointer, c.value));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, 422) << answer->body;
    EXPECT_EQ(text_of(answer, "/code"), c.code) << answer->body;
    EXPECT_EQ(text_of(answer, "/errors/0/pointer"), c.wrong) << answer->body;
    EXPECT_EQ(text_of(answer, "/errors/0/code"), c.why) << answer->body;
    EXPECT_EQ(answer->headers.get("Content-Type"), "application/problem+json");
  }
  EXPECT_EQ(stock(kAlsoPlenty), before);
}

TEST_F(Orders, ABodyThatIsNoCheckoutIsRefusedAtTheDoor) {
  const std::string good = body_of(shopper(), kAlsoPlenty, 1);
  EXPECT_EQ(text_of(checkout("{"), "/code"), "malformed_json");
  const auto no_key = shop().checkout(good, "");
  ASSERT_TRUE(no_key.ok()) << no_key.status();
  EXPECT_EQ(no_key->status, 400) << no_key->body;
  const auto mismatch =
      checkout(with(good, "/expected_total", json::Object{{"currency", "EUR"}, {"minor", 1}}));
  ASSERT_TRUE(mismatch.ok()) << mismatch.status();
  EXPECT_EQ(mismatch->status, 409) << mismatch->body;
  EXPECT_EQ(text_of(mismatch, "/code"), "total_mismatch");
}

TEST_F(Orders, ACardThatThePaymentServiceRefusesIsA422) {
  cli::Shopper unlucky = shopper();
  unlucky.card_number = "4000000000000127";
  const auto answer = checkout(body_of(unlucky, kAlsoPlenty, 1));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 422) << answer->body;
  EXPECT_EQ(text_of(answer, "/code"), "card_declined");
}

TEST_F(Orders, ADeclinedPaymentFailsTheOrderAndGivesTheStockBack) {
  const int64_t before = stock(kAlsoPlenty);
  cli::Shopper broke = shopper();
  broke.card_number = "4000000000000002";
  const auto answer = checkout(body_of(broke, kAlsoPlenty, 5));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->status, 202) << answer->body;
  const std::string id = text_of(answer, "/id");
  EXPECT_EQ(end_of(id), "failed card_declined");
  EXPECT_EQ(stock(kAlsoPlenty), before);
  EXPECT_EQ(captures(id), 0);
}

TEST_F(Orders, AnOrderThatLooksLikeFraudIsDeclinedWithoutSayingWhy) {
  cli::Shopper thief = shopper();
  thief.email = new_key() + "@mailinator.com";
  const auto answer = checkout(cli::checkout_body(thief, {kPlenty.id, 99}, "express"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 422) << answer->body;
  EXPECT_EQ(text_of(answer, "/code"), "order_declined");
  EXPECT_EQ(answer->body.find("disposable"), std::string::npos) << answer->body;
}

TEST_F(Orders, MoreThanTheStockIsAcceptedAndThenFails) {
  const int64_t before = stock(kFew);
  const auto answer = checkout(body_of(shopper(), kFew, static_cast<int>(before) + 1));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->status, 202) << answer->body;
  const std::string id = text_of(answer, "/id");
  EXPECT_EQ(end_of(id), "failed out_of_stock");
  EXPECT_EQ(stock(kFew), before);
  EXPECT_EQ(captures(id), 0);
}

TEST_F(Orders, TheSameKeyTwiceIsOneOrderAndTheSameBytes) {
  const std::string body = body_of(shopper(), kAlsoPlenty, 1);
  const std::string key = new_key();
  const auto first = shop().checkout(body, key);
  const auto second = shop().checkout(body, key);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  ASSERT_EQ(first->status, 202) << first->body;
  EXPECT_EQ(second->status, 202);
  EXPECT_EQ(second->body, first->body);
  EXPECT_EQ(second->headers.get("Idempotency-Replayed"), "true");
  EXPECT_EQ(end_of(text_of(first, "/id")), "completed");
  const auto third = shop().checkout(body, key);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->body, first->body) << "also after the order has ended";
  EXPECT_EQ(captures(text_of(first, "/id")), 1);
}

TEST_F(Orders, AKeyIsForOneRequest) {
  const cli::Shopper ada = shopper();
  const std::string key = new_key();
  const auto first = shop().checkout(body_of(ada, kAlsoPlenty, 1), key);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->status, 202) << first->body;
  const auto other = shop().checkout(body_of(ada, kAlsoPlenty, 2), key);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->status, 422) << other->body;
  EXPECT_EQ(text_of(other, "/code"), "key_reused");
}

TEST_F(Orders, ARefusalIsReplayedToo) {
  cli::Shopper clumsy = shopper();
  clumsy.card_number = "4242424242424241";
  const std::string body = body_of(clumsy, kAlsoPlenty, 1);
  const std::string key = new_key();
  const auto first = shop().checkout(body, key);
  const auto second = shop().checkout(body, key);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->status, 422);
  EXPECT_EQ(second->body, first->body);
  EXPECT_EQ(second->headers.get("Idempotency-Replayed"), "true");
}

TEST_F(Orders, OfManyAtOnceExactlyAsManyAreSoldAsThereAre) {
  constexpr int kShoppers = 8;
  const int64_t copies = stock(kFew);
  ASSERT_GT(copies, 0);
  std::vector<std::string> ids(kShoppers);
  std::vector<std::thread> threads;
  for (int i = 0; i < kShoppers; ++i) {
    threads.emplace_back([&, i, body = body_of(shopper(), kFew, 1), key = new_key()] {
      cli::Shop own(platform().endpoints(), platform().clock());
      ids[static_cast<size_t>(i)] = text_of(own.checkout(body, key), "/id");
    });
  }
  for (std::thread& thread : threads) thread.join();
  int64_t completed = 0;
  for (const std::string& id : ids) {
    const std::string end = end_of(id);
    EXPECT_TRUE(end == "completed" || end == "failed out_of_stock") << id << ": " << end;
    completed += end == "completed" ? 1 : 0;
    EXPECT_EQ(captures(id), end == "completed" ? 1 : 0) << id;
  }
  EXPECT_EQ(completed, copies);
  EXPECT_EQ(stock(kFew), 0);
}

// A marked card goes through everything; its number must be nowhere but in the vault, encrypted.
TEST_F(Orders, ACardNumberIsPrintedAndStoredNowhere) {
  const cli::Shopper marked = shopper();
  const auto answer = checkout(body_of(marked, kAlsoPlenty, 1));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->status, 202) << answer->body;
  ASSERT_EQ(end_of(text_of(answer, "/id")), "completed");
  EXPECT_EQ(platform().everything_printed().find(marked.card_number), std::string::npos);
  auto connection = postgres::Connection::open(platform().endpoints().database, platform().clock(),
                                               within(10'000));
  ASSERT_TRUE(connection.ok()) << connection.status();
  const absl::Status search =
      (*connection)
          ->run(
              "DO $$ DECLARE place record; found bigint; BEGIN "
              "FOR place IN SELECT schemaname, tablename FROM pg_tables "
              "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LOOP "
              "EXECUTE format('SELECT count(*) FROM %I.%I AS r WHERE strpos(r::text, %L) > 0', "
              "place.schemaname, place.tablename, '" +
                  marked.card_number +
                  "') INTO found; "
                  "IF found > 0 THEN RAISE EXCEPTION 'a card number in %.%', place.schemaname, "
                  "place.tablename; END IF; END LOOP; END $$",
              within(20'000));
  EXPECT_TRUE(search.ok()) << search;
}

}  // namespace
}  // namespace bookstore::integration
