#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "transaction_verification/field_error.h"

namespace bookstore::transaction_verification {

struct Card {
  std::string_view number;  // digits; the door removed spaces and hyphens
  uint32_t expiry_month = 0;
  uint32_t expiry_year = 0;  // four digits; two digits mean 20YY
  // The code itself never comes here; zero means that there was none.
  uint32_t cvc_length = 0;
  std::string_view holder_name;  // optional
};

struct CardVerdict {
  FieldErrors errors;      // empty: valid
  std::string_view brand;  // empty when no brand was recognised
};

// Every failed field, each with its first failure, in the order shape, brand, length, Luhn,
// expiry, code length, name.
CardVerdict check_card(const Card& card, base::WallMs now_ms);

// `number` is digits. ISO/IEC 7812-1 annex B: catches every wrong digit and every swap of
// neighbours but 09 and 90.
bool luhn_valid(std::string_view number);

// A card is good until its printed month has ended everywhere, so until it ends at UTC-12.
base::WallMs expiry_end_ms(int year, int month);

}  // namespace bookstore::transaction_verification
