#include "orders/order.h"

#include "base/check.h"

namespace bookstore::orders {
namespace {

constexpr std::array<std::string_view, 3> kShippingTexts = {"express", "standard", "economy"};

}  // namespace

std::string_view to_text(ShippingClass shipping_class) {
  const auto index = static_cast<size_t>(shipping_class);
  BOOKSTORE_CHECK(index < kShippingTexts.size(), "class ", index);
  return kShippingTexts[index];
}

std::optional<ShippingClass> shipping_class_from_text(std::string_view text) {
  for (size_t index = 0; index < kShippingTexts.size(); ++index) {
    if (kShippingTexts[index] == text) return static_cast<ShippingClass>(index);
  }
  return std::nullopt;
}

std::optional<base::Money> total_of(const std::vector<Line>& lines, const std::string& currency) {
  base::Money total{currency, 0};
  for (const Line& line : lines) {
    const auto price = base::multiply({currency, line.unit_price_minor}, line.quantity);
    if (!price.has_value()) return std::nullopt;
    const auto sum = base::add(total, *price);
    if (!sum.has_value()) return std::nullopt;
    total = *sum;
  }
  return total;
}

bool frees_key(std::string_view rejection_reason) {
  return rejection_reason == kReasonUnavailable || rejection_reason == kReasonNoLeader ||
         rejection_reason == kReasonQueueFull || rejection_reason == kReasonExpired ||
         rejection_reason == kReasonAbandoned;
}

}  // namespace bookstore::orders
