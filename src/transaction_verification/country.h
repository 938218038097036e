#pragma once

#include <string_view>

namespace bookstore::transaction_verification {

// An officially assigned ISO 3166-1 alpha-2 code, in capitals. Withdrawn codes (AN, SU, YU),
// reserved ones (UK, EU) and the user-assigned XK are no countries here.
bool known_country(std::string_view code);

// What an address needs besides line, city and country, for the countries that we know well.
struct AddressRule {
  std::string_view country;
  // One or more patterns separated by '|'. N digit, A letter, ~ an optional space or hyphen;
  // C and F the letters of Canada's codes (F: first place), E and W the characters of Ireland's;
  // anything else stands for itself. Letters of the value may be small.
  std::string_view postal_patterns;
  bool region_required = false;
};

// Null for a country without a rule of its own.
const AddressRule* find_address_rule(std::string_view country);

bool matches_postal_pattern(std::string_view patterns, std::string_view value);

}  // namespace bookstore::transaction_verification
