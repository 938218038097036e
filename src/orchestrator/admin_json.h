#pragma once

#include "contracts/methods.h"
#include "json/json.h"
#include "orders/operator_view.h"

namespace bookstore::orchestrator {

// What the executor says of an order, if it could be asked.
using Described = absl::StatusOr<contracts::executor::DescribeOrderReply>;

// The order as a shopper sees it, and under "operator" everything else; "actions" names what an
// operator may do with it now.
json::Object operator_json(const orders::OperatorView& view, const Described& described);

// One row of a list.
json::Object listed_json(const orders::ListedOrder& order);

}  // namespace bookstore::orchestrator
