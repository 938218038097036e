#include "transaction_verification/billing.h"

#include <algorithm>

#include "transaction_verification/country.h"
#include "transaction_verification/text.h"

namespace bookstore::transaction_verification {
namespace {

constexpr size_t kLineBytesMax = 200;
constexpr size_t kPostalCodeBytesMax = 16;
constexpr size_t kEmailBytesMax = 254;  // RFC 5321 §4.5.3.1.3, without the angle brackets
constexpr size_t kEmailLocalBytesMax = 64;
constexpr size_t kDomainLabelBytesMax = 63;

// What holds for every line of text.
void check_text(std::string_view pointer, std::string_view text, bool required,
                FieldErrors& errors) {
  if (blank(text)) {
    if (required) errors.push_back({pointer, "required", "This field is needed."});
  } else if (text.size() > kLineBytesMax) {
    errors.push_back({pointer, "too_long", "At most 200 bytes."});
  } else if (has_control_characters(text)) {
    errors.push_back({pointer, "invalid", "Control characters are not allowed."});
  }
}

void check_country(std::string_view country, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/billing_address/country";
  if (country.empty()) {
    errors.push_back({kPointer, "required", "The country is needed."});
  } else if (!known_country(country)) {
    errors.push_back({kPointer, "unknown_country",
                      "Two capital letters of ISO 3166-1 (GB for the United Kingdom)."});
  }
}

void check_postal_code(std::string_view code, const AddressRule* rule, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/billing_address/postal_code";
  if (blank(code)) {
    // Many countries have none, and for a country that is wrong itself one error is enough.
    if (rule != nullptr) errors.push_back({kPointer, "required", "The postal code is needed."});
    return;
  }
  const bool possible =
      code.size() <= kPostalCodeBytesMax && std::all_of(code.begin(), code.end(), [](char c) {
        return is_digit(c) || is_letter(c) || c == ' ' || c == '-';
      });
  if (!possible || (rule != nullptr && !matches_postal_pattern(rule->postal_patterns, code))) {
    errors.push_back({kPointer, "invalid", "This is not a postal code of that country."});
  }
}

void check_email(std::string_view email, FieldErrors& errors) {
  constexpr std::string_view kPointer = "/customer/email";
  if (email.empty()) {
    errors.push_back({kPointer, "required", "An e-mail address is needed."});
  } else if (!plausible_email(email)) {
    errors.push_back({kPointer, "invalid", "This is not an e-mail address."});
  }
}

bool beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool plausible_local(std::string_view local) {
  if (local.empty() || local.size() > kEmailLocalBytesMax) return false;
  if (local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  constexpr std::string_view kAtext = "!#$%&'*+-/=?^_`{|}~.";
  return std::all_of(local.begin(), local.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || beyond_ascii(c) ||
           kAtext.find(c) != std::string_view::npos;
  });
}

bool plausible_label(std::string_view label) {
  if (label.empty() || label.size() > kDomainLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) {
    return is_letter(c) || is_digit(c) || beyond_ascii(c) || c == '-';
  });
}

}  // namespace

bool plausible_email(std::string_view email) {
  if (email.size() > kEmailBytesMax) return false;
  const size_t at = email.find('@');
  if (at == std::string_view::npos || !plausible_local(email.substr(0, at))) return false;
  std::string_view rest = email.substr(at + 1);
  size_t labels = 0;
  while (true) {
    const size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!plausible_label(label)) return false;
    ++labels;
    if (dot == std::string_view::npos) {
      return labels >= 2 && !std::all_of(label.begin(), label.end(), is_digit);
    }
    rest.remove_prefix(dot + 1);
  }
}

FieldErrors check_billing(const Billing& billing) {
  FieldErrors errors;
  check_country(billing.country, errors);
  const AddressRule* rule = find_address_rule(billing.country);
  check_text("/billing_address/line1", billing.line1, /*required=*/true, errors);
  check_text("/billing_address/line2", billing.line2, /*required=*/false, errors);
  check_text("/billing_address/city", billing.city, /*required=*/true, errors);
  check_text("/billing_address/region", billing.region, rule != nullptr && rule->region_required,
             errors);
  check_postal_code(billing.postal_code, rule, errors);
  check_text("/customer/name", billing.customer_name, /*required=*/true, errors);
  check_email(billing.customer_email, errors);
  return errors;
}

}  // namespace bookstore::transaction_verification
