#include "transaction_verification/card.h"

#include <algorithm>

#include "transaction_verification/card_brand.h"
#include "transaction_verification/text.h"

namespace bookstore::transaction_verification {
namespace {

constexpr base::DurationMs kHourMs = 3'600'000;
constexpr size_t kNumberDigitsMax = 19;  // ISO/IEC 7812-1
constexpr int kYearsAheadMax = 20;
constexpr size_t kHolderNameBytesMax = 200;
// A "name" with as many digits is a card number in the wrong field, and must not travel on.
constexpr int kHolderNameDigitsMax = 7;

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void check_number(std::string_view number, const IinRange*& range, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/card/number";
  if (number.empty()) {
    errors.push_back({kPointer, "required", "A card number is needed."});
  } else if (!all_digits(number)) {
    errors.push_back({kPointer, "not_digits", "A card number has digits only."});
  } else if (range = find_iin_range(number); range == nullptr) {
    errors.push_back({kPointer, "unknown_brand", "No card brand that we know starts like this."});
  } else if (number.size() > kNumberDigitsMax || !range->allows_length(number.size())) {
    errors.push_back({kPointer, "wrong_length", "Cards of this brand have another length."});
  } else if (range->brand->luhn && !luhn_valid(number)) {
    errors.push_back({kPointer, "luhn_failed", "The check digit is wrong: is a digit mistyped?"});
  }
}

void check_expiry(uint32_t month, uint32_t year, base::WallMs now_ms, FieldErrors& errors) {
  constexpr std::string_view kMonth = "/card/expiry_month";
  constexpr std::string_view kYear = "/card/expiry_year";
  const bool month_ok = month >= 1 && month <= 12;
  if (!month_ok) errors.push_back({kMonth, "out_of_range", "A month is 1 to 12."});
  const uint32_t full_year = year < 100 ? 2000 + year : year;
  if (full_year < 2000 || full_year > 2999) {
    errors.push_back({kYear, "out_of_range", "A year has four digits."});
    return;
  }
  const int card_year = static_cast<int>(full_year);
  // The latest calendar on earth is fourteen hours ahead, the earliest twelve behind.
  const base::CivilTime latest = base::civil_from_wall(now_ms + 14 * kHourMs);
  const int card_month = month_ok ? static_cast<int>(month) : 1;
  if (now_ms >= expiry_end_ms(card_year, month_ok ? card_month : 12)) {
    const bool year_over = now_ms >= expiry_end_ms(card_year, 12);
    errors.push_back({year_over ? kYear : kMonth, "expired", "The card has expired."});
  } else if (card_year * 12 + card_month > (latest.year + kYearsAheadMax) * 12 + latest.month) {
    errors.push_back({kYear, "too_far_ahead", "No card is valid for that long."});
  }
}

void check_cvc(uint32_t length, const IinRange* range, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/card/cvc";
  if (length == 0) {
    errors.push_back({kPointer, "required", "The security code is needed."});
    return;
  }
  const bool right = range != nullptr ? length == static_cast<uint32_t>(range->brand->cvc_length)
                                      : length == 3 || length == 4;
  if (!right) {
    errors.push_back({kPointer, "wrong_length", "The security code has another length."});
  }
}

void check_holder_name(std::string_view name, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/card/name";
  if (name.empty()) return;
  if (name.size() > kHolderNameBytesMax) {
    errors.push_back({kPointer, "too_long", "The name is too long."});
  } else if (has_control_characters(name) || blank(name) ||
             std::count_if(name.begin(), name.end(), is_digit) > kHolderNameDigitsMax) {
    errors.push_back({kPointer, "invalid", "This is not a name on a card."});
  }
}

}  // namespace

bool luhn_valid(std::string_view number) {
  int sum = 0;
  bool twice = false;
  for (size_t i = number.size(); i-- > 0; twice = !twice) {
    int digit = number[i] - '0';
    if (twice) digit = digit < 5 ? 2 * digit : 2 * digit - 9;
    sum += digit;
  }
  return !number.empty() && sum % 10 == 0;
}

base::WallMs expiry_end_ms(int year, int month) {
  const bool december = month == 12;
  return base::wall_from_civil(
      {december ? year + 1 : year, december ? 1 : month + 1, 1, /*hour=*/12, 0, 0});
}

CardVerdict check_card(const Card& card, base::WallMs now_ms) {
  CardVerdict verdict;
  const IinRange* range = nullptr;
  check_number(card.number, range, verdict.errors);
  check_expiry(card.expiry_month, card.expiry_year, now_ms, verdict.errors);
  check_cvc(card.cvc_length, range, verdict.errors);
  check_holder_name(card.holder_name, verdict.errors);
  if (range != nullptr) verdict.brand = range->brand->name;
  return verdict;
}

}  // namespace bookstore::transaction_verification
