#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace bookstore::base {

// "ord_" and a ULID (https://github.com/ulid/spec): 48 bits of wall time, 80 random bits,
// Crockford base 32. Sortable by age, not guessable. Exactly 30 characters.
struct OrderId {
  std::string value;

  friend auto operator<=>(const OrderId&, const OrderId&) = default;
};

inline constexpr size_t kOrderIdLength = 30;

OrderId make_order_id(const Clock& clock, Random& random);
// Empty unless `text` has exactly the form that make_order_id makes.
std::optional<OrderId> parse_order_id(std::string_view text);

// 26 characters; used bare for vault tokens and request ids, with a prefix elsewhere.
std::string make_ulid(const Clock& clock, Random& random);

// A book id as the catalogue has it: 1–64 characters of [A-Za-z0-9_.-].
bool valid_book_id(std::string_view text);

}  // namespace bookstore::base

template <>
struct std::hash<bookstore::base::OrderId> {
  size_t operator()(const bookstore::base::OrderId& id) const {
    return std::hash<std::string>{}(id.value);
  }
};
