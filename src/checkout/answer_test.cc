#include "checkout/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "causality/vector_clock.h"
#include "json/json.h"

namespace bookstore::checkout {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;

orders::Order an_order() {
  orders::Order order;
  order.id = {"ord_01J0000000000000000000000A"};
  order.state = orders::State::kAccepted;
  order.revision = 3;
  order.created_at_ms = 1'790'000'000'000;
  order.updated_at_ms = 1'790'000'000'250;
  order.lines = {{"bk_0001", "Noli me tangere", 2, 940}, {"bk_0002", "In Patagonia", 1, 949}};
  order.total = {"EUR", 2829};
  order.card_brand = "visa";
  order.card_last4 = "4242";
  order.degraded = {"suggestions"};
  causality::VectorClock clock;
  EXPECT_TRUE(clock.tick("orchestrator-1"));
  EXPECT_TRUE(clock.tick("fraud"));
  order.clock = clock.encode();
  return order;
}

TEST(OrderBody, ShowsAnOrder) {
  EXPECT_EQ(order_body(an_order()),
            R"({"id":"ord_01J0000000000000000000000A","version":3,"status":"accepted",)"
            R"("created_at":"2026-09-21T14:13:20.000Z","updated_at":"2026-09-21T14:13:20.250Z",)"
            R"("payment":{"status":"not_started","brand":"visa","last4":"4242"},)"
            R"("fulfillment":{"status":"not_started"},"shipping_class":"standard",)"
            R"("totals":{"grand":{"currency":"EUR","minor":2829}},"lines":[)"
            R"({"book_id":"bk_0001","title":"Noli me tangere","quantity":2,)"
            R"("unit_price":{"currency":"EUR","minor":940},)"
            R"("total":{"currency":"EUR","minor":1880}},)"
            R"({"book_id":"bk_0002","title":"In Patagonia","quantity":1,)"
            R"("unit_price":{"currency":"EUR","minor":949},)"
            R"("total":{"currency":"EUR","minor":949}}],"degraded":["suggestions"],)"
            R"("suggestions":[],"vector_clock":{"fraud":1,"orchestrator-1":1},)"
            R"("links":{"self":"/v1/orders/ord_01J0000000000000000000000A"}})");
}

TEST(OrderBody, EveryStateHasItsTwoAxes) {
  const auto axes = [](orders::State state) {
    orders::Order order = an_order();
    order.state = state;
    const auto body = json::parse(order_body(order));
    return std::string(body->at("payment").at("status").as_string()) + " " +
           std::string(body->at("fulfillment").at("status").as_string());
  };
  EXPECT_EQ(axes(orders::State::kReceived), "not_started not_started");
  EXPECT_EQ(axes(orders::State::kInReview), "not_started not_started");
  EXPECT_EQ(axes(orders::State::kSubmitting), "not_started not_started");
  EXPECT_EQ(axes(orders::State::kExecuting), "in_progress in_progress");
  EXPECT_EQ(axes(orders::State::kNeedsAttention), "in_progress in_progress");
  EXPECT_EQ(axes(orders::State::kCompleted), "captured ready_to_ship");
  EXPECT_EQ(axes(orders::State::kFailed), "not_charged canceled");
  EXPECT_EQ(axes(orders::State::kRejected), "not_charged canceled");
  EXPECT_EQ(axes(orders::State::kCanceled), "not_charged canceled");
}

TEST(OrderBody, ShowsTheReasonAndTheStoredSuggestions) {
  orders::Order order = an_order();
  order.state = orders::State::kFailed;
  order.reason = "insufficient_stock";
  order.suggestions_json = R"([{"book_id":"bk_0003","title":"Dune"}])";
  order.clock = "damaged";
  const std::string body = order_body(order);
  EXPECT_THAT(body, HasSubstr(R"("status":"failed","reason":"insufficient_stock")"));
  EXPECT_THAT(body, HasSubstr(R"("suggestions":[{"book_id":"bk_0003","title":"Dune"}])"));
  EXPECT_THAT(body, HasSubstr(R"("vector_clock":{})"));
}

TEST(OrderAnswer, SaysWhereTheOrderIsAndWhenToAsk) {
  const Answer answer = order_answer(an_order());
  EXPECT_EQ(answer.status, 202);
  EXPECT_THAT(answer.headers,
              IsSupersetOf({Pair("Location", "/v1/orders/ord_01J0000000000000000000000A"),
                            Pair("ETag", "\"3\""), Pair("Retry-After", "1"),
                            Pair("Content-Type", "application/json")}));
}

TEST(StoredAnswer, IsTheAnswerThatWasGiven) {
  const orders::Order order = an_order();
  const Answer given = order_answer(order);
  const Answer again = stored_answer(given.status, given.body, order.id);
  EXPECT_EQ(again.body, given.body);
  EXPECT_EQ(again.headers, given.headers);
}

TEST(StoredAnswer, AStoredRefusalHasNoLocation) {
  const Answer answer = stored_answer(422, "{}", an_order().id);
  EXPECT_THAT(answer.headers, Contains(Pair("Content-Type", "application/problem+json")));
  EXPECT_THAT(answer.headers, Not(Contains(Pair("Location", ::testing::_))));
}

TEST(ProblemAnswer, NamesFieldsOrderAndWhenToComeBack) {
  Problem problem;
  problem.status = 503;
  problem.code = "outcome_unknown";
  problem.title = "Whether the order was accepted is not known yet";
  problem.instance = "/v1/orders/ord_1";
  problem.order_id = "ord_1";
  problem.errors = {{"/card/number", "luhn_failed", ""}};
  problem.retryable = true;
  problem.retry_after_ms = 1'001;
  const Answer answer = problem_answer(problem);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.headers,
              IsSupersetOf({Pair("Content-Type", "application/problem+json"),
                            Pair("Location", "/v1/orders/ord_1"), Pair("Retry-After", "2")}));
  EXPECT_EQ(answer.body,
            R"({"type":"/problems/outcome-unknown",)"
            R"("title":"Whether the order was accepted is not known yet","status":503,)"
            R"("code":"outcome_unknown","instance":"/v1/orders/ord_1","order_id":"ord_1",)"
            R"("errors":[{"pointer":"/card/number","code":"luhn_failed"}],"retryable":true,)"
            R"("retry_after_ms":1001})");
}

}  // namespace
}  // namespace bookstore::checkout
