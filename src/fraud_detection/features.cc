#include "fraud_detection/features.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "fraud_detection/email_domain.h"

namespace bookstore::fraud_detection {
namespace {

// Schemes whose cards are issued in one country.
struct DomesticPrefix {
  std::string_view prefix;
  std::string_view country;
};
constexpr auto kDomesticPrefixes = std::to_array<DomesticPrefix>({
    {"2200", "RU"},
    {"2201", "RU"},
    {"2202", "RU"},
    {"2203", "RU"},
    {"2204", "RU"},
    {"401178", "BR"},
    {"401179", "BR"},
    {"431274", "BR"},
    {"438935", "BR"},
    {"451416", "BR"},
    {"457393", "BR"},
    {"504175", "BR"},
    {"589562", "AR"},
    {"606282", "BR"},
    {"636297", "BR"},
    {"636368", "BR"},
    {"9792", "TR"},
});

// First six digits whose cards are reported: the test range that the large payment providers
// document as "always fraudulent" (4100000000000019).
constexpr auto kReportedBins = std::to_array<std::string_view>({"410000"});

constexpr auto kTestBins = std::to_array<std::string_view>(
    {"400000", "401288", "411111", "422222", "424242", "510510", "550000", "555555"});

constexpr auto kEuroCountries = std::to_array<std::string_view>(
    {"AD", "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT",
     "LT", "LU", "LV", "MC", "ME", "MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK"});
struct CurrencyHome {
  std::string_view currency;
  std::string_view country;
};
constexpr auto kCurrencyHomes = std::to_array<CurrencyHome>({
    {"AUD", "AU"},
    {"BRL", "BR"},
    {"CAD", "CA"},
    {"CHF", "CH"},
    {"CZK", "CZ"},
    {"DKK", "DK"},
    {"GBP", "GB"},
    {"INR", "IN"},
    {"MXN", "MX"},
    {"NOK", "NO"},
    {"NZD", "NZ"},
    {"PLN", "PL"},
    {"RON", "RO"},
    {"SEK", "SE"},
    {"TRY", "TR"},
});

std::string_view country_of_card(std::string_view bin) {
  for (const DomesticPrefix& domestic : kDomesticPrefixes) {
    if (bin.starts_with(domestic.prefix)) return domestic.country;
  }
  return {};
}

// False where we do not know: the dollar is paid with everywhere.
bool foreign_currency(std::string_view currency, std::string_view country) {
  if (currency == "EUR") {
    return !country.empty() &&
           std::find(kEuroCountries.begin(), kEuroCountries.end(), country) == kEuroCountries.end();
  }
  for (const CurrencyHome& home : kCurrencyHomes) {
    if (home.currency == currency) return home.country != country;
  }
  return false;
}

std::optional<int> leading_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

}  // namespace

bool public_test_card(std::string_view bin) {
  return std::find(kTestBins.begin(), kTestBins.end(), bin) != kTestBins.end();
}

bool shared_address(std::string_view ip) {
  if (ip.empty() || ip == "::1" || ip.starts_with("127.") || ip.starts_with("10.") ||
      ip.starts_with("192.168.") || ip.starts_with("169.254.") || ip.starts_with("0.")) {
    return true;
  }
  if (ip.starts_with("::ffff:")) return shared_address(ip.substr(7));  // IPv4 in IPv6
  if (ip.starts_with("172.")) {
    const auto second = leading_number(ip.substr(4));
    return second && *second >= 16 && *second <= 31;
  }
  const auto is = [&](size_t at, char low, char high) {
    const char c = at < ip.size() ? static_cast<char>(ip[at] | 0x20) : '\0';
    return c >= low && c <= high;
  };
  const bool unique_local = is(0, 'f', 'f') && is(1, 'c', 'd') && ip.find(':') != ip.npos;
  const bool link_local = ip.starts_with("fe8") || ip.starts_with("fe9") || ip.starts_with("fea") ||
                          ip.starts_with("feb");
  return unique_local || link_local;
}

Features features_of(const Order& order, const VelocityCounts& velocity) {
  Features features{};
  const auto set = [&](Feature feature, double value) {
    features[static_cast<size_t>(feature)] = value;
  };
  const double amount = static_cast<double>(order.amount_minor) / 100.0;
  const std::string domain = email_domain(order.email);
  const bool disposable = classify_domain(domain) == DomainClass::kDisposable;
  const std::string email_country = country_of_domain(domain);
  const std::string_view card_country = country_of_card(order.card_bin);
  const auto differs = [&](std::string_view country) {
    return !country.empty() && !order.country.empty() && country != order.country;
  };
  set(Feature::kAmount, amount);
  set(Feature::kQuantityMax, order.quantity_max);
  set(Feature::kItems, order.items);
  set(Feature::kDisposableEmail, disposable);
  set(Feature::kDisposableEmailAndHighAmount, disposable && amount >= 100.0);
  set(Feature::kExpressAndHighAmount, order.express && amount >= 300.0);
  set(Feature::kEmailCountryDiffers, differs(email_country));
  set(Feature::kCardCountryDiffers, differs(card_country));
  set(Feature::kCurrencyIsForeign, foreign_currency(order.currency, order.country));
  set(Feature::kReportedCard,
      std::find(kReportedBins.begin(), kReportedBins.end(), order.card_bin) != kReportedBins.end());
  set(Feature::kCardAttempts10min, velocity.card_10min);
  set(Feature::kCardAttempts24h, velocity.card_24h);
  set(Feature::kEmailAttempts10min, velocity.email_10min);
  set(Feature::kEmailAttempts24h, velocity.email_24h);
  set(Feature::kIpAttempts10min, velocity.ip_10min);
  set(Feature::kCardsOfEmail, velocity.cards_of_email);
  set(Feature::kEmailsOfCard, velocity.emails_of_card);
  set(Feature::kCardsOfIp, velocity.cards_of_ip);
  return features;
}

}  // namespace bookstore::fraud_detection
