#pragma once

#include <string>

#include "absl/status/status.h"
#include "bookstore/common/v1/common.pb.h"
#include "rpc/server.h"

// For the checkers, which keep an order's data between its calls.
namespace bookstore::rpc {

// One text per (order, attempt, restart).
std::string key_text(const common::v1::OrderKey& order);

// The order of a checker's call is named twice: in the message, and in the metadata that carries
// its clock. InvalidArgument `order_mismatch` when they differ or the message names none.
absl::Status check_same_order(const ServerCall& call, const common::v1::OrderKey& order);

// FailedPrecondition `unknown_order`: there is no data of this order and epoch here.
absl::Status unknown_order();

// ResourceExhausted `too_many_orders`: Init met the capacity.
absl::Status too_many_orders();

}  // namespace bookstore::rpc
