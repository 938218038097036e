#include "base/money.h"

#include <cstdio>

namespace bookstore::base {

std::optional<Money> add(const Money& a, const Money& b) {
  int64_t sum = 0;
  if (a.currency != b.currency || __builtin_add_overflow(a.minor, b.minor, &sum)) return {};
  return Money{a.currency, sum};
}

std::optional<Money> multiply(const Money& price, int64_t quantity) {
  int64_t product = 0;
  if (__builtin_mul_overflow(price.minor, quantity, &product)) return {};
  return Money{price.currency, product};
}

std::string format_money(const Money& money) {
  char text[64];
  const long long minor = money.minor;
  const long long magnitude = minor < 0 ? -minor : minor;
  std::snprintf(text, sizeof text, "%s %s%lld.%02lld", money.currency.c_str(), minor < 0 ? "-" : "",
                magnitude / 100, magnitude % 100);
  return text;
}

}  // namespace bookstore::base
