#pragma once

#include <cstdint>

#include "orders/order.h"
#include "orders/state.h"

namespace bookstore::order_executor {

// The states are the house's one table (orders/state.h); the log moves an order from `submitting`
// (a row that the machine has not accepted yet) on.
using orders::ShippingClass;
using orders::State;
inline constexpr int kShippingClasses = 3;

enum class Decision : uint8_t { kNone = 0, kCommit = 1, kAbort = 2 };

// Who may hold something of an order that is being aborted, so that finishing asks nobody in vain:
// a stock refusal ends without touching the card.
enum class AbortScope : uint8_t { kNobody = 0, kInventory = 1, kBoth = 2 };

// Why an order waits for a person. Only a definitive refusal of the capture may be failed.
enum class ParkKind : uint8_t { kContradiction = 1, kCaptureRefused = 2 };

}  // namespace bookstore::order_executor
