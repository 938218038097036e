#include "checkout/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/json.h"

namespace bookstore::checkout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGood[] = R"({
  "items": [{"book_id": "bk_0001", "quantity": 2}, {"book_id": "bk_0002", "quantity": 1}],
  "customer": {"name": "Ada Lovelace", "email": "ada@example.org"},
  "billing_address": {"line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH",
                      "country": "GB"},
  "card": {"number": "4242 4242-4242 4242", "expiry_month": 12, "expiry_year": 2030, "cvc": "123",
           "name": "A Lovelace"},
  "shipping_class": "express",
  "expected_total": {"currency": "EUR", "minor": 2599}
})";

json::Value good() {
  return *json::parse(kGood);
}

CheckoutRequest accepted(const json::Value& body) {
  auto parsed = parse_request(json::write(body));
  EXPECT_TRUE(std::holds_alternative<CheckoutRequest>(parsed)) << json::write(body);
  return std::move(std::get<CheckoutRequest>(parsed));
}

BadRequest refused(const std::string& body) {
  auto parsed = parse_request(body);
  EXPECT_TRUE(std::holds_alternative<BadRequest>(parsed)) << body;
  return std::get<BadRequest>(parsed);
}

// "/items/0/quantity out_of_range", one per wrong field.
std::vector<std::string> wrong(const json::Value& body) {
  const BadRequest bad = refused(json::write(body));
  EXPECT_EQ(bad.status, 422);
  std::vector<std::string> errors;
  for (const FieldError& error : bad.errors) errors.push_back(error.pointer + " " + error.code);
  return errors;
}

TEST(CheckoutRequest, AGoodBodyIsRead) {
  const CheckoutRequest request = accepted(good());
  ASSERT_EQ(request.items.size(), 2u);
  EXPECT_EQ(request.items[0].book_id, "bk_0001");
  EXPECT_EQ(request.items[0].quantity, 2u);
  EXPECT_EQ(request.customer.email, "ada@example.org");
  EXPECT_EQ(request.billing_address.country, "GB");
  EXPECT_EQ(request.billing_address.region, "");
  EXPECT_EQ(request.card.number, "4242424242424242");
  EXPECT_EQ(request.card.expiry_year, 2030u);
  EXPECT_EQ(request.shipping_class, orders::ShippingClass::kExpress);
  EXPECT_EQ(request.expected_total, (base::Money{"EUR", 2599}));
}

TEST(CheckoutRequest, EveryWrongFieldIsNamedAtOnce) {
  json::Value body = good();
  json::Object& object = body.as_object();
  object["items"].as_array()[1].as_object()["quantity"] = 100;
  object["customer"].as_object().erase("email");
  object["billing_address"].as_object()["city"] = "  ";
  object["card"].as_object()["expiry_month"] = 13;
  object["card"].as_object()["number"] = "4242x";
  object["shipping_class"] = "drone";
  object["total"] = 1;
  EXPECT_THAT(wrong(body), ElementsAre("/items/1/quantity out_of_range", "/customer/email required",
                                       "/billing_address/city required", "/card/number not_digits",
                                       "/card/expiry_month out_of_range",
                                       "/shipping_class not_allowed", "/total unknown_field"));
}

TEST(CheckoutRequest, APriceFromTheClientIsAnUnknownField) {
  json::Value body = good();
  body.as_object()["items"].as_array()[0].as_object()["price"] = 1;
  EXPECT_THAT(wrong(body), ElementsAre("/items/0/price unknown_field"));
}

TEST(CheckoutRequest, AnEmptyObjectMissesEveryRequiredField) {
  EXPECT_THAT(wrong(json::Object()),
              ElementsAre("/items required", "/customer required", "/billing_address required",
                          "/card required", "/shipping_class required"));
}

TEST(CheckoutRequest, TypesAreNeverConverted) {
  json::Value body = good();
  json::Object& object = body.as_object();
  object["items"].as_array()[0].as_object()["quantity"] = "2";
  object["items"].as_array()[1] = "bk_0002";
  object["customer"] = nullptr;
  object["card"].as_object()["cvc"] = 123;
  object["card"].as_object()["expiry_year"] = 2030.5;
  object["expected_total"] = json::Array();
  EXPECT_THAT(wrong(body), ElementsAre("/items/0/quantity wrong_type", "/items/1 wrong_type",
                                       "/customer wrong_type", "/card/expiry_year wrong_type",
                                       "/card/cvc wrong_type", "/expected_total wrong_type"));
  EXPECT_THAT(wrong(json::Array()), ElementsAre(" wrong_type"));
}

TEST(CheckoutRequest, OneTo100LinesOf1To99) {
  const auto with_lines = [](int lines, int quantity) {
    json::Value body = good();
    json::Array items;
    for (int i = 0; i < lines; ++i) {
      items.push_back({{"book_id", "b" + std::to_string(i)}, {"quantity", quantity}});
    }
    body.as_object()["items"] = items;
    return body;
  };
  EXPECT_EQ(accepted(with_lines(100, 99)).items.size(), 100u);
  EXPECT_THAT(wrong(with_lines(101, 1)), ElementsAre("/items too_many"));
  EXPECT_THAT(wrong(with_lines(0, 1)), ElementsAre("/items too_few"));
  EXPECT_THAT(wrong(with_lines(1, 0)), ElementsAre("/items/0/quantity out_of_range"));
}

TEST(CheckoutRequest, LengthsCountCharactersAndControlCharactersAreRefused) {
  json::Value body = good();
  std::string name;
  for (int i = 0; i < 200; ++i) name += "é";
  body.as_object()["customer"].as_object()["name"] = name;
  EXPECT_EQ(accepted(body).customer.name, name);
  body.as_object()["customer"].as_object()["name"] = name + "é";
  EXPECT_THAT(wrong(body), ElementsAre("/customer/name too_long"));
  body.as_object()["customer"].as_object()["name"] = std::string("a\0b", 3);
  EXPECT_THAT(wrong(body), ElementsAre("/customer/name invalid"));
}

TEST(CheckoutRequest, WhatIsNotJsonIs400) {
  for (const char* body : {"", "{", "{\"items\":1,\"items\":2}", "[1] 2"}) {
    EXPECT_EQ(refused(body).status, 400) << body;
  }
  EXPECT_EQ(refused("{\"a\":" + std::string(70'000, ' ') + "1}").status, 400);
}

TEST(CheckoutRequest, NoAnswerRepeatsAValueOrAStrangeName) {
  json::Value body = good();
  body.as_object()["card"].as_object()["number"] = "4242424242424242!";
  body.as_object()["4242424242424242"] = "x";
  for (const FieldError& error : refused(json::write(body)).errors) {
    EXPECT_THAT(error.pointer + error.code + error.detail, Not(HasSubstr("4242")));
  }
  EXPECT_THAT(wrong(body), ElementsAre("/card/number not_digits", " unknown_field"));
}

TEST(CheckoutRequest, ErrorsAreBounded) {
  json::Value body = good();
  for (int i = 0; i < 500; ++i) body.as_object()["x" + std::to_string(i)] = i;
  EXPECT_EQ(refused(json::write(body)).errors.size(), 50u);
}

TEST(CanonicalBody, IgnoresOrderBlanksAndTheSecurityCode) {
  json::Value body = good();
  const std::string canonical = accepted(body).canonical_body;
  EXPECT_THAT(canonical, Not(HasSubstr("cvc")));
  body.as_object()["card"].as_object()["cvc"] = "999";
  json::Value email = body.as_object()["customer"].as_object()["email"];
  body.as_object()["customer"].as_object().erase("email");
  body.as_object()["customer"].as_object()["email"] = email;
  EXPECT_EQ(accepted(body).canonical_body, canonical);
}

TEST(CanonicalBody, TellsAnyOtherDifference) {
  const std::string canonical = accepted(good()).canonical_body;
  const auto changed = [](auto change) {
    json::Value body = good();
    change(body.as_object());
    return accepted(body).canonical_body;
  };
  EXPECT_NE(changed([](json::Object& o) { o["shipping_class"] = "economy"; }), canonical);
  EXPECT_NE(changed([](json::Object& o) { o.erase("expected_total"); }), canonical);
  EXPECT_NE(changed([](json::Object& o) { o["card"].as_object()["number"] = "4000000000000002"; }),
            canonical);
  EXPECT_NE(changed([](json::Object& o) { o["items"].as_array()[0].as_object()["quantity"] = 3; }),
            canonical);
}

// Every path into the good body that leads to a value.
void collect_paths(const json::Value& value, std::vector<std::string> path,
                   std::vector<std::vector<std::string>>& paths) {
  if (!path.empty()) paths.push_back(path);
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      path.push_back(std::string(member.key()));
      collect_paths(member.value(), path, paths);
      path.pop_back();
    }
  }
}

TEST(CheckoutRequest, AnyFieldReplacedByAnythingIsReadOrNamed) {
  std::vector<std::vector<std::string>> paths;
  collect_paths(good(), {}, paths);
  const json::Array strange = {nullptr,
                               true,
                               -1,
                               0.5,
                               "",
                               "x",
                               json::Array(),
                               json::Object(),
                               boost::json::string(300, 'x')};
  EXPECT_TRUE(rc::check([&] {
    const auto path = *rc::gen::elementOf(paths);
    json::Value body = good();
    json::Value* place = &body;
    std::string pointer;
    for (const std::string& name : path) {
      place = &place->as_object()[name];
      pointer += "/" + name;
    }
    *place = strange[static_cast<size_t>(*rc::gen::inRange(0, static_cast<int>(strange.size())))];
    const auto parsed = parse_request(json::write(body));
    if (std::holds_alternative<CheckoutRequest>(parsed)) return;
    const auto& bad = std::get<BadRequest>(parsed);
    RC_ASSERT(bad.status == 422);
    RC_ASSERT(!bad.errors.empty());
    for (const FieldError& error : bad.errors) RC_ASSERT(error.pointer.starts_with(pointer));
  }));
}

}  // namespace
}  // namespace bookstore::checkout
