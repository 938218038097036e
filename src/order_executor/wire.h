#pragma once

#include "contracts/methods.h"
#include "order_executor/order_machine.h"

namespace bookstore::order_executor {

// What the machine says, as the contract has it.
contracts::executor::OrderState wire_state(State state);
contracts::common::ShippingClass wire_class(ShippingClass shipping_class);
contracts::executor::GetOrderReply wire_order(const Known& known);

}  // namespace bookstore::order_executor
