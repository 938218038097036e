#include "rpc/order_key.h"

#include "absl/strings/str_cat.h"
#include "rpc/error_detail.h"

namespace bookstore::rpc {

std::string key_text(const common::v1::OrderKey& order) {
  return absl::StrCat(order.order_id(), "/", order.attempt(), "/", order.restart());
}

absl::Status check_same_order(const ServerCall& call, const common::v1::OrderKey& order) {
  const OrderScope& scope = call.order();
  const bool same = scope.order_id.empty() ||
                    (scope.order_id == order.order_id() && scope.epoch.attempt == order.attempt() &&
                     scope.epoch.restart == order.restart());
  if (!order.order_id().empty() && same) return absl::OkStatus();
  return refuse(absl::StatusCode::kInvalidArgument, "order_mismatch",
                "the message and its metadata name different orders, or none");
}

absl::Status unknown_order() {
  return refuse(absl::StatusCode::kFailedPrecondition, "unknown_order",
                "the order was not initialised here", true);
}

absl::Status too_many_orders() {
  return refuse(absl::StatusCode::kResourceExhausted, "too_many_orders",
                "too many orders are being checked here", true, 1'000);
}

}  // namespace bookstore::rpc
