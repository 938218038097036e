#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bookstore::transaction_verification {

struct Brand {
  std::string_view name;  // "visa", as the API shows it
  int cvc_length;
  // UnionPay issues numbers without a check digit, so there its absence proves nothing.
  bool luhn;
};

// Numbers whose first `digits` digits lie in [from, to] are of `brand` and have one of the lengths
// (bit n of `lengths`: n digits are possible). The longest prefix that matches wins.
struct IinRange {
  uint32_t from;
  uint32_t to;
  uint8_t digits;  // of from and to, 1..8
  const Brand* brand;
  uint32_t lengths;

  bool allows_length(size_t length) const { return length < 32 && (lengths >> length & 1) != 0; }
};

// Sorted by `digits`, longest first; ranges of equal length do not overlap.
std::span<const IinRange> iin_ranges();

// Null when no brand issues such numbers. Looks at the first eight characters, which must be
// digits; a number with fewer digits is matched by what it has.
const IinRange* find_iin_range(std::string_view number);

}  // namespace bookstore::transaction_verification
