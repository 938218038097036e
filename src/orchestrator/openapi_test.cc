#include "orchestrator/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "checkout/answer.h"
#include "http/server.h"
#include "json/json.h"
#include "orchestrator/admin_json.h"
#include "orchestrator/book_json.h"
#include "orchestrator/fake_exchange.h"
#include "orchestrator/problems.h"
#include "orchestrator/routes.h"

namespace bookstore::orchestrator {
namespace {

using ::testing::ContainerEq;
using ::testing::IsSupersetOf;

const json::Value& document() {
  static const json::Value& parsed =
      *new json::Value(*json::parse(openapi_document(), {.bytes_max = 1 << 20, .depth_max = 32}));
  return parsed;
}

const json::Object& schema(const std::string& name) {
  return document().at("components").at("schemas").at(name).as_object();
}

std::set<std::string> texts(const json::Value& array) {
  std::set<std::string> texts;
  for (const auto& text : array.as_array()) texts.emplace(text.as_string());
  return texts;
}

std::set<std::string> keys(const json::Value& object) {
  std::set<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace(member.key());
  return keys;
}

template <class Visit>
void visit_all(const json::Value& value, const Visit& visit) {
  visit(value);
  if (value.is_object()) {
    for (const auto& member : value.get_object()) visit_all(member.value(), visit);
  } else if (value.is_array()) {
    for (const auto& element : value.get_array()) visit_all(element, visit);
  }
}

template <class Visit>
void visit_operations(const Visit& visit) {
  for (const auto& path : document().at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      visit(std::string(operation.key()) + " " + std::string(path.key()), operation.value());
    }
  }
}

class RoutesTest : public ::testing::Test {
 protected:
  base::SystemClock clock_;
  base::WorkerPool database_{"db", 1, 1};
  Ports ports_{
      .admin_token = std::make_shared<const AdminToken>(crypto::Secret(std::string(32, 't'))),
      .database = &database_,
      .clock = &clock_};
  OrderWaits waits_{ports_};
  process::Readiness readiness_;
  telemetry::Registry metrics_;
};

TEST_F(RoutesTest, TheDocumentDescribesExactlyTheServedRoutes) {
  http::Router router;
  add_routes(router, ports_, waits_, readiness_, metrics_);
  std::set<std::string> served, described;
  for (const http::Route& route : router.routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    served.insert(method + " " + route.pattern);
  }
  visit_operations([&](const std::string& name, const json::Value&) { described.insert(name); });
  EXPECT_THAT(described, ContainerEq(served));
}

TEST_F(RoutesTest, TheDocumentIsServed) {
  http::Router router;
  add_routes(router, ports_, waits_, readiness_, metrics_);
  const auto response = serve(router, {.method = "GET", .path = "/openapi.json"})->answer();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(*json::parse(response.body, {.bytes_max = 1 << 20, .depth_max = 32}), document());
}

TEST_F(RoutesTest, WithoutATokenThereIsNothingForOperators) {
  ports_.admin_token = nullptr;
  http::Router router;
  add_routes(router, ports_, waits_, readiness_, metrics_);
  for (const http::Route& route : router.routes()) {
    EXPECT_FALSE(route.pattern.starts_with("/admin")) << route.pattern;
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  int references = 0;
  visit_all(document(), [&](const json::Value& value) {
    if (!value.is_object() || !value.get_object().contains("$ref")) return;
    const std::string reference(value.at("$ref").as_string());
    ASSERT_EQ(reference.substr(0, 2), "#/");
    boost::json::error_code missing;
    EXPECT_NE(document().find_pointer(reference.substr(1), missing), nullptr) << reference;
    ++references;
  });
  EXPECT_GT(references, 50);
}

TEST(OpenApi, EveryOperationHasANameWordsAndItsPathParameters) {
  std::set<std::string> names;
  visit_operations([&](const std::string& where, const json::Value& operation) {
    EXPECT_TRUE(names.emplace(operation.at("operationId").as_string()).second) << where;
    EXPECT_TRUE(operation.as_object().contains("description")) << where;
    std::set<std::string> in_path;
    if (operation.as_object().contains("parameters")) {
      for (const auto& parameter : operation.at("parameters").as_array()) {
        const json::Object& fields = parameter.as_object();
        if (fields.contains("in") && fields.at("in") == "path") {
          in_path.insert("{" + std::string(fields.at("name").as_string()) + "}");
        }
      }
    }
    for (const std::string& name : in_path) EXPECT_THAT(where, ::testing::HasSubstr(name));
    EXPECT_EQ(in_path.size(), static_cast<size_t>(std::count(where.begin(), where.end(), '{')))
        << where;
  });
}

TEST(OpenApi, EveryProblemCodeIsDescribedWithItsStatus) {
  std::set<std::string> ours(std::begin(http::kServerProblemCodes),
                             std::end(http::kServerProblemCodes));
  std::map<std::string, int> statuses;
  for (const auto& kind : checkout::problem_kinds()) statuses[std::string(kind.code)] = kind.status;
  for (const auto& kind : route_problems()) statuses[std::string(kind.code)] = kind.status;
  for (const auto& [code, status] : statuses) ours.insert(code);
  EXPECT_THAT(texts(schema("Problem").at("properties").at("code").at("enum")), ContainerEq(ours));

  std::set<std::string> described = {"no_such_route"};  // belongs to no operation
  visit_operations([&](const std::string& where, const json::Value& operation) {
    for (const auto& response : operation.at("responses").as_object()) {
      if (!response.value().as_object().contains("x-problem-codes")) continue;
      for (const std::string& code : texts(response.value().at("x-problem-codes"))) {
        described.insert(code);
        const auto status = statuses.find(code);
        if (status == statuses.end()) continue;
        EXPECT_EQ(std::to_string(status->second), std::string(response.key()))
            << where << " " << code;
      }
    }
  });
  EXPECT_THAT(described, ContainerEq(ours));
}

TEST(OpenApi, TheStatesAreThoseOfTheTable) {
  std::set<std::string> states;
  for (const orders::State state : orders::kStates) states.emplace(orders::to_text(state));
  EXPECT_THAT(texts(schema("Order").at("properties").at("status").at("enum")), ContainerEq(states));
  EXPECT_THAT(texts(schema("OrderState").at("enum")), ContainerEq(states));
}

TEST(OpenApi, AnOrderHasTheDescribedFields) {
  orders::Order order;
  order.id = {"ord_01J0000000000000000000000A"};
  order.reason = "x";
  order.total = {"EUR", 1};
  order.lines = {{"b1", "T", 1, 1}};
  order.card_brand = "visa";
  order.card_last4 = "4242";
  const json::Value body = *json::parse(checkout::order_body(order));
  EXPECT_THAT(keys(body), ContainerEq(keys(schema("Order").at("properties"))));
  EXPECT_THAT(keys(body), IsSupersetOf(texts(schema("Order").at("required"))));
  const json::Value& properties = schema("Order").at("properties");
  EXPECT_THAT(keys(body.at("payment")),
              ContainerEq(keys(properties.at("payment").at("properties"))));
  EXPECT_THAT(keys(body.at("lines").at(0)),
              ContainerEq(keys(properties.at("lines").at("items").at("properties"))));
}

TEST(OpenApi, WhatOperatorsSeeHasTheDescribedFields) {
  const json::Object shown = operator_json({}, absl::UnavailableError("away"));
  EXPECT_THAT(keys(shown.at("operator")),
              ContainerEq(keys(schema("OperatorView").at("properties"))));
  EXPECT_THAT(keys(listed_json({})), ContainerEq(keys(schema("ListedOrder").at("properties"))));
}

TEST(OpenApi, ABookAndASuggestionHaveTheDescribedFields) {
  catalogue::Book book;
  book.isbn13 = "9780000000002";
  EXPECT_THAT(keys(book_json(book, 1)), ContainerEq(keys(schema("Book").at("properties"))));
  EXPECT_THAT(keys(suggestion_json({})), ContainerEq(keys(schema("Suggestion").at("properties"))));
}

}  // namespace
}  // namespace bookstore::orchestrator
