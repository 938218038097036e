#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/money.h"
#include "orders/order.h"

namespace bookstore::checkout {

// What the card checks and the vault need. Lives in memory only, for one request.
struct Card {
  std::string number;  // digits; spaces and hyphens are removed by the parser
  uint32_t expiry_month = 0;
  uint32_t expiry_year = 0;
  std::string cvc;
  std::string holder_name;
};

struct Item {
  std::string book_id;
  uint32_t quantity = 0;
};

// The body of POST /v1/checkout, in form: what is true of it is judged later.
struct CheckoutRequest {
  std::vector<Item> items;  // as sent; lines of one book are merged when priced
  orders::Customer customer;
  orders::Address billing_address;
  Card card;
  orders::ShippingClass shipping_class = orders::ShippingClass::kStandard;
  std::optional<base::Money> expected_total;
  // The body in canonical form without card.cvc: what a repeat of the key must match. It holds
  // the card number: only its HMAC leaves the process.
  std::string canonical_body;
};

// One wrong field; never carries its value.
struct FieldError {
  std::string pointer;  // RFC 6901
  std::string code;
  std::string detail;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

// Why a body is no checkout: 400 when it is not JSON, 422 when fields are wrong (all of them).
struct BadRequest {
  int status = 400;
  std::string detail;
  std::vector<FieldError> errors;
};

// Parses and checks the form: limits (100 lines, quantity 1–99, lengths), unknown members refused.
std::variant<CheckoutRequest, BadRequest> parse_request(std::string_view body);

// The exact answer of a checkout, also the one that is replayed.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Content-Type, Location, …
  std::string body;
};

}  // namespace bookstore::checkout
