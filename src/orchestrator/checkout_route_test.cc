#include "orchestrator/checkout_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/fake_exchange.h"

namespace bookstore::orchestrator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kBody[] = R"({"items":[{"book_id":"bk_0001","quantity":2}],
  "customer":{"name":"Ada","email":"ada@example.org"},
  "billing_address":{"line1":"1 Road","city":"London","postal_code":"SW1Y 4JH","country":"GB"},
  "card":{"number":"4242424242424242","expiry_month":12,"expiry_year":2030,"cvc":"123"},
  "shipping_class":"standard"})";

class CheckoutRouteTest : public ::testing::Test {
 protected:
  CheckoutRouteTest() {
    ports_.checkout = [this](checkout::CheckoutRequest request, Ports::Door door,
                             Ports::Answered done) {
      request_ = std::move(request);
      door_ = std::move(door);
      done({202, {{"Location", "/v1/orders/ord_1"}, {"ETag", "\"3\""}}, "{\"id\":\"ord_1\"}"});
    };
    add_checkout_route(router_, ports_);
  }
  http::Response post(std::string body, const std::string& content_type = "application/json") {
    http::Request request{.method = "POST", .path = "/v1/checkout", .body = std::move(body)};
    if (!content_type.empty()) request.headers.add("Content-Type", content_type);
    request.headers.add("idempotency-key", "k1");
    request.remote_address = "192.0.2.1";
    return serve(router_, std::move(request))->answer();
  }

  Ports ports_;
  http::Router router_;
  std::optional<checkout::CheckoutRequest> request_;
  Ports::Door door_;
};

TEST_F(CheckoutRouteTest, AGoodBodyIsGivenToTheRunnerAndItsAnswerToTheClient) {
  const http::Response answer = post(kBody);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.headers.get("Location"), "/v1/orders/ord_1");
  EXPECT_EQ(answer.headers.get("ETag"), "\"3\"");
  EXPECT_EQ(answer.body, "{\"id\":\"ord_1\"}");
  ASSERT_TRUE(request_);
  EXPECT_EQ(request_->items.at(0).book_id, "bk_0001");
  EXPECT_EQ(door_.idempotency_key, "k1");
  EXPECT_EQ(door_.client_ip, "192.0.2.1");
  EXPECT_THAT(door_.traceparent, HasSubstr("4bf92f3577b34da6a3ce929d0e0e4736"));
}

TEST_F(CheckoutRouteTest, WrongFieldsAre422WithPointersAndNothingIsRun) {
  const http::Response answer =
      post(R"({"items":[],"card":{"number":"4242424242424242x"},"price":1})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"validation_failed\""));
  EXPECT_THAT(answer.body, HasSubstr("\"pointer\":\"/items\",\"code\":\"too_few\""));
  EXPECT_THAT(answer.body, HasSubstr("\"pointer\":\"/price\",\"code\":\"unknown_field\""));
  EXPECT_THAT(answer.body, HasSubstr("\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\""));
  EXPECT_THAT(answer.body, Not(HasSubstr("4242")));
  EXPECT_FALSE(request_);
}

TEST_F(CheckoutRouteTest, WhatIsNotJsonIs400) {
  const http::Response answer = post(R"({"items":[],"items":[]})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"malformed_json\""));
  EXPECT_THAT(answer.body, HasSubstr("duplicate key at byte"));
}

TEST_F(CheckoutRouteTest, AnotherMediaTypeIs415) {
  EXPECT_EQ(post(kBody, "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(post(kBody, "").status, 415);
  EXPECT_EQ(post(kBody, "application/json; charset=utf-8").status, 202);
}

}  // namespace
}  // namespace bookstore::orchestrator
