#include "order_executor/wire.h"

#include "base/check.h"

namespace bookstore::order_executor {

namespace wire = contracts::executor;

wire::OrderState wire_state(State state) {
  switch (state) {
    case State::kAccepted:
      return wire::ORDER_STATE_ACCEPTED;
    case State::kExecuting:
      return wire::ORDER_STATE_EXECUTING;
    case State::kCompleted:
      return wire::ORDER_STATE_COMPLETED;
    case State::kFailed:
      return wire::ORDER_STATE_FAILED;
    case State::kNeedsAttention:
      return wire::ORDER_STATE_NEEDS_ATTENTION;
    case State::kCanceled:
      return wire::ORDER_STATE_CANCELED;
    default:
      BOOKSTORE_CHECK(false, "not a state of the log");
  }
}

contracts::common::ShippingClass wire_class(ShippingClass shipping_class) {
  switch (shipping_class) {
    case ShippingClass::kExpress:
      return contracts::common::SHIPPING_CLASS_EXPRESS;
    case ShippingClass::kStandard:
      return contracts::common::SHIPPING_CLASS_STANDARD;
    case ShippingClass::kEconomy:
      break;
  }
  return contracts::common::SHIPPING_CLASS_ECONOMY;
}

wire::GetOrderReply wire_order(const Known& known) {
  wire::GetOrderReply reply;
  reply.set_state(wire_state(known.state));
  reply.set_reason(known.reason);
  reply.set_index(known.index);
  reply.set_clock(known.clock);
  return reply;
}

}  // namespace bookstore::order_executor
