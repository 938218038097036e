#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "orders/state.h"

namespace bookstore::orders {

// A line as it was claimed: the price is the catalogue's at that moment and stays.
struct Line {
  std::string book_id;
  std::string title;
  uint32_t quantity = 0;  // 1..99
  int64_t unit_price_minor = 0;
  friend bool operator==(const Line&, const Line&) = default;
};

struct Customer {
  std::string name;
  std::string email;
  friend bool operator==(const Customer&, const Customer&) = default;
};

struct Address {
  std::string line1;
  std::string line2;
  std::string city;
  std::string region;
  std::string postal_code;
  std::string country;  // ISO 3166-1 alpha-2
  friend bool operator==(const Address&, const Address&) = default;
};

enum class ShippingClass : uint8_t { kExpress, kStandard, kEconomy };
std::string_view to_text(ShippingClass shipping_class);
std::optional<ShippingClass> shipping_class_from_text(std::string_view text);

// What a shopper may see of an order, as one row has it.
struct Order {
  base::OrderId id;
  State state = State::kReceived;
  std::string reason;    // empty unless rejected, failed or parked
  int64_t revision = 1;  // the ETag
  base::WallMs created_at_ms = 0;
  base::WallMs updated_at_ms = 0;
  std::vector<Line> lines;
  base::Money total;
  ShippingClass shipping_class = ShippingClass::kStandard;
  std::string card_brand;
  std::string card_last4;
  std::vector<std::string> degraded;
  std::string suggestions_json = "[]";
  std::string clock;  // causality's wire form
};

// Of all lines; empty on overflow.
std::optional<base::Money> total_of(const std::vector<Line>& lines, const std::string& currency);

// Why an order was rejected decides about its idempotency key: a verdict keeps it (the same answer
// is replayed), anything that is no verdict frees it (the shopper may try the same key again).
inline constexpr std::string_view kReasonUnavailable = "unavailable";
inline constexpr std::string_view kReasonNoLeader = "no_leader";
inline constexpr std::string_view kReasonQueueFull = "queue_full";
inline constexpr std::string_view kReasonExpired = "expired";
inline constexpr std::string_view kReasonAbandoned = "abandoned";
bool frees_key(std::string_view rejection_reason);

// Of an order that a person looked at: the shopper's 202 stays its answer.
inline constexpr std::string_view kReasonReviewDeclined = "review_declined";
inline constexpr std::string_view kReasonReviewOverdue = "review_overdue";  // nobody decided

}  // namespace bookstore::orders
