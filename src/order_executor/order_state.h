#pragma once

#include <cstdint>
#include <string_view>

namespace bookstore::order_executor {

// Where an accepted order is. The states before acceptance belong to the order's row alone
// (src/orders); from here on only entries of the log move an order.
enum class OrderState : uint8_t {
  kUnknown = 0,
  kAccepted = 1,
  kExecuting = 2,
  kCompleted = 3,
  kFailed = 4,
  kNeedsAttention = 5,
  kCanceled = 6,
};

// Smallest offset first in the queue (dispatch_queue.h).
enum class ShippingClass : uint8_t { kExpress = 0, kStandard = 1, kEconomy = 2 };
inline constexpr int kShippingClasses = 3;

enum class Decision : uint8_t { kNone = 0, kCommit = 1, kAbort = 2 };

// Who may hold something of an order that is being aborted, so that finishing asks nobody in vain:
// a stock refusal ends without touching the card.
enum class AbortScope : uint8_t { kNobody = 0, kInventory = 1, kBoth = 2 };

// Why an order waits for a person. Only a definitive refusal of the capture may be failed.
enum class ParkKind : uint8_t { kContradiction = 1, kCaptureRefused = 2 };

constexpr bool is_terminal(OrderState state) {
  return state == OrderState::kCompleted || state == OrderState::kFailed ||
         state == OrderState::kCanceled;
}

// The names of the API and of the rows (DESIGN §4).
constexpr std::string_view state_name(OrderState state) {
  switch (state) {
    case OrderState::kUnknown: return "unknown";
    case OrderState::kAccepted: return "accepted";
    case OrderState::kExecuting: return "executing";
    case OrderState::kCompleted: return "completed";
    case OrderState::kFailed: return "failed";
    case OrderState::kNeedsAttention: return "needs_attention";
    case OrderState::kCanceled: return "canceled";
  }
  return "invalid";
}

}  // namespace bookstore::order_executor
