#include "checkout/request.h"

#include <algorithm>

#include "checkout/body_reader.h"
#include "json/json.h"

namespace bookstore::checkout {
namespace {

constexpr size_t kLinesMax = 100;
constexpr int64_t kQuantityMax = 99;
constexpr size_t kBookIdMax = 64;
constexpr size_t kTextMax = 200;
constexpr size_t kEmailMax = 254;
constexpr size_t kPostalCodeMax = 16;
constexpr size_t kCardNumberMax = 32;  // with blanks between the groups
constexpr size_t kCvcMax = 4;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Item read_item(ObjectReader item) {
  Item read;
  read.book_id = item.text("book_id", kBookIdMax);
  if (!read.book_id.empty() && !base::valid_book_id(read.book_id)) {
    item.refuse("book_id", "invalid", "A book id has letters, digits, '_', '.' and '-' only.");
  }
  read.quantity = static_cast<uint32_t>(item.integer("quantity", 1, kQuantityMax));
  item.refuse_unknown();
  return read;
}

std::vector<Item> read_items(ObjectReader& body) {
  std::vector<Item> items;
  const json::Array* lines = body.array("items", 1, kLinesMax);
  if (lines == nullptr) return items;
  for (size_t i = 0; i < lines->size(); ++i) {
    auto line = body.element("items", i, (*lines)[i]);
    if (line) items.push_back(read_item(std::move(*line)));
  }
  return items;
}

orders::Customer read_customer(ObjectReader& body) {
  orders::Customer read;
  auto customer = body.object("customer");
  if (!customer) return read;
  read.name = customer->text("name", kTextMax);
  read.email = customer->text("email", kEmailMax);
  customer->refuse_unknown();
  return read;
}

orders::Address read_address(ObjectReader& body) {
  orders::Address read;
  auto address = body.object("billing_address");
  if (!address) return read;
  read.line1 = address->text("line1", kTextMax);
  read.line2 = address->optional_text("line2", kTextMax);
  read.city = address->text("city", kTextMax);
  read.region = address->optional_text("region", kTextMax);
  // Some countries have none: then it is there and empty.
  read.postal_code = address->text("postal_code", kPostalCodeMax, ObjectReader::Empty::kAllowed);
  read.country = address->text("country", 2);
  const bool capitals = std::all_of(read.country.begin(), read.country.end(),
                                    [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!read.country.empty() && (read.country.size() != 2 || !capitals)) {
    address->refuse("country", "invalid", "Two capital letters of ISO 3166-1.");
  }
  address->refuse_unknown();
  return read;
}

Card read_card(ObjectReader& body) {
  Card read;
  auto card = body.object("card");
  if (!card) return read;
  read.number = card->text("number", kCardNumberMax);
  const bool missing = read.number.empty();
  std::erase_if(read.number, [](char c) { return c == ' ' || c == '-'; });
  if (!std::all_of(read.number.begin(), read.number.end(), is_digit) ||
      (!missing && read.number.empty())) {
    card->refuse("number", "not_digits", "A card number has digits only.");
  }
  read.expiry_month = static_cast<uint32_t>(card->integer("expiry_month", 1, 12));
  read.expiry_year = static_cast<uint32_t>(card->integer("expiry_year", 2000, 2099));
  read.cvc = card->text("cvc", kCvcMax);
  if (!std::all_of(read.cvc.begin(), read.cvc.end(), is_digit)) {
    card->refuse("cvc", "not_digits", "A security code has digits only.");
  }
  read.holder_name = card->optional_text("name", kTextMax);
  card->refuse_unknown();
  return read;
}

orders::ShippingClass read_shipping_class(ObjectReader& body) {
  const std::string text = body.text("shipping_class", kTextMax);
  const auto shipping_class = orders::shipping_class_from_text(text);
  if (!shipping_class && !text.empty()) {
    body.refuse("shipping_class", "not_allowed", "One of express, standard, economy.");
  }
  return shipping_class.value_or(orders::ShippingClass::kStandard);
}

std::optional<base::Money> read_expected_total(ObjectReader& body) {
  if (!body.has("expected_total")) return std::nullopt;
  auto total = body.object("expected_total");
  if (!total) return std::nullopt;
  base::Money read;
  read.currency = total->text("currency", 3);
  const bool capitals = std::all_of(read.currency.begin(), read.currency.end(),
                                    [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!read.currency.empty() && (read.currency.size() != 3 || !capitals)) {
    total->refuse("currency", "invalid", "Three capital letters of ISO 4217.");
  }
  read.minor = total->integer("minor", 0, int64_t{1} << 53);
  total->refuse_unknown();
  return read;
}

// Everything that a repeat must match; the security code may differ, because it is never kept.
std::string canonical_body(json::Value& document, size_t size_hint) {
  document.as_object().at("card").as_object().erase("cvc");
  return json::write_canonical(document, size_hint);
}

}  // namespace

std::variant<CheckoutRequest, BadRequest> parse_request(std::string_view body) {
  auto document = json::parse(body);
  if (!document.ok()) return BadRequest{400, std::string(document.status().message()), {}};
  if (!document->is_object()) {
    return BadRequest{422, "", {{"", "wrong_type", "An object is needed."}}};
  }
  std::vector<FieldError> errors;
  ObjectReader reader(document->get_object(), "", errors);
  CheckoutRequest request;
  request.items = read_items(reader);
  request.customer = read_customer(reader);
  request.billing_address = read_address(reader);
  request.card = read_card(reader);
  request.shipping_class = read_shipping_class(reader);
  request.expected_total = read_expected_total(reader);
  reader.refuse_unknown();
  if (!errors.empty()) {
    json::wipe(request.card.number);
    json::wipe(request.card.cvc);
    return BadRequest{422, "", std::move(errors)};
  }
  request.canonical_body = canonical_body(*document, body.size());
  return request;
}

}  // namespace bookstore::checkout
