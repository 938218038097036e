#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fraud_detection/velocity.h"

namespace bookstore::fraud_detection {

// What is known of an order when it is scored.
struct Order {
  std::string_view email;
  std::string_view country;   // of the billing address, ISO 3166-1
  std::string_view currency;  // ISO 4217, two decimals
  int64_t amount_minor = 0;
  uint32_t quantity_max = 0;  // of one title
  uint32_t items = 0;         // of all titles
  bool express = false;
  std::string_view card_bin;  // the first six digits
};

// Each is a number; yes is 1. Rules name them, tests and later models read the same array.
enum class Feature : size_t {
  kAmount,  // in units of the currency
  kQuantityMax,
  kItems,
  kDisposableEmail,
  kDisposableEmailAndHighAmount,  // 100 units or more
  kExpressAndHighAmount,          // 300 units or more
  kEmailCountryDiffers,
  kCardCountryDiffers,
  kCurrencyIsForeign,
  kReportedCard,
  kCardAttempts10min,
  kCardAttempts24h,
  kEmailAttempts10min,
  kEmailAttempts24h,
  kIpAttempts10min,
  kCardsOfEmail,
  kEmailsOfCard,
  kCardsOfIp,
  kCount
};
using Features = std::array<double, static_cast<size_t>(Feature::kCount)>;

Features features_of(const Order& order, const VelocityCounts& velocity);

// True for the numbers that payment providers publish for tests, by their first six digits: many
// people use the same one, so how often it is seen says nothing.
bool public_test_card(std::string_view bin);

// True for addresses that many shoppers share by design or that are no shopper's: loopback,
// private and link-local ones. They are no evidence and are not counted.
bool shared_address(std::string_view ip);

}  // namespace bookstore::fraud_detection
