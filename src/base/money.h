#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bookstore::base {

// An amount in minor units (cents) of an ISO 4217 currency. Never a floating-point number.
struct Money {
  std::string currency;  // three capitals, "EUR"
  int64_t minor = 0;

  friend bool operator==(const Money&, const Money&) = default;
};

// Empty on overflow or different currencies: a wrong total is never silently made.
std::optional<Money> add(const Money& a, const Money& b);
std::optional<Money> multiply(const Money& price, int64_t quantity);

// "EUR 25.99" (two decimals: every currency of the catalogue has them).
std::string format_money(const Money& money);

}  // namespace bookstore::base
