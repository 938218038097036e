#include "checkout/pricing.h"

#include <algorithm>

namespace bookstore::checkout {
namespace {

constexpr uint32_t kQuantityMax = 99;
constexpr size_t kIdempotencyKeyBytesMax = 255;

std::string pointer(size_t item, std::string_view member) {
  return "/items/" + std::to_string(item) + "/" + std::string(member);
}

// Adds one item to its book's line, or says what is wrong with it.
std::optional<FieldError> add_item(const Item& item, size_t position,
                                   const std::map<std::string, PriceTag>& tags, Priced& priced) {
  const auto tag = tags.find(item.book_id);
  if (tag == tags.end()) {
    return FieldError{pointer(position, "book_id"), "unknown_book", "There is no such book."};
  }
  if (priced.total.currency.empty()) priced.total.currency = tag->second.price.currency;
  if (tag->second.price.currency != priced.total.currency) {
    return FieldError{pointer(position, "book_id"), "mixed_currencies",
                      "It is sold in another currency than the books before it."};
  }
  auto line = std::find_if(priced.lines.begin(), priced.lines.end(),
                           [&](const orders::Line& each) { return each.book_id == item.book_id; });
  if (line == priced.lines.end()) {
    priced.lines.push_back({item.book_id, tag->second.title, 0, tag->second.price.minor});
    line = std::prev(priced.lines.end());
  }
  if (item.quantity > kQuantityMax - line->quantity) {
    return FieldError{pointer(position, "quantity"), "quantity_limit",
                      "An order takes at most 99 copies of one book."};
  }
  line->quantity += item.quantity;
  return std::nullopt;
}

}  // namespace

std::variant<Priced, Unpriced> price(const CheckoutRequest& request,
                                     const std::map<std::string, PriceTag>& tags) {
  Priced priced;
  Unpriced wrong{"validation_failed", {}};
  for (size_t position = 0; position < request.items.size(); ++position) {
    auto error = add_item(request.items[position], position, tags, priced);
    if (error.has_value()) wrong.errors.push_back(std::move(*error));
  }
  if (!wrong.errors.empty()) return wrong;
  const auto total = orders::total_of(priced.lines, priced.total.currency);
  if (!total.has_value()) {
    return Unpriced{"validation_failed", {{"/items", "total_limit", "The total is too large."}}};
  }
  priced.total = *total;
  if (request.expected_total.has_value() && *request.expected_total != priced.total) {
    return Unpriced{"total_mismatch",
                    {{"/expected_total", "total_mismatch",
                      "The total is " + base::format_money(priced.total) + " now."}}};
  }
  return priced;
}

bool valid_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= kIdempotencyKeyBytesMax &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace bookstore::checkout
