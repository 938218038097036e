#pragma once

#include <string_view>

#include "transaction_verification/field_error.h"

namespace bookstore::transaction_verification {

struct Billing {
  std::string_view customer_name;
  std::string_view customer_email;
  std::string_view line1;
  std::string_view line2;  // optional
  std::string_view city;
  std::string_view region;  // required in some countries
  std::string_view postal_code;
  std::string_view country;
};

// Every failed field, each with its first failure, in the order country, address, postal code,
// name, e-mail. Empty: valid.
FieldErrors check_billing(const Billing& billing);

// The shape that mail servers agree on: local@domain of RFC 5321's lengths, a domain of at least
// two labels whose last is no number, no quoting. Letters beyond ASCII are welcome (RFC 6531).
bool plausible_email(std::string_view email);

}  // namespace bookstore::transaction_verification
