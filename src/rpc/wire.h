#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "causality/ledger.h"

// How our types travel inside gRPC. Private to rpc: the only header here that shows gRPC.
namespace bookstore::rpc {

inline constexpr char kOrderKey[] = "bookstore-order-bin";  // request: order id, epoch, clock
inline constexpr char kClockKey[] = "bookstore-clock-bin";  // reply, trailing: clock
inline constexpr char kTraceKey[] = "traceparent";          // W3C Trace Context, level 1

struct OrderMetadata {
  std::string order_id;
  causality::Epoch epoch;
  causality::VectorClock clock;
};
std::string encode_order(const OrderMetadata& order);
std::optional<OrderMetadata> decode_order(std::string_view bytes);

grpc::Status to_grpc(const absl::Status& status);
absl::Status from_grpc(const grpc::Status& status);

grpc::ByteBuffer to_buffer(const google::protobuf::MessageLite& message);
[[nodiscard]] bool from_buffer(const grpc::ByteBuffer& buffer,
                               google::protobuf::MessageLite* message);

}  // namespace bookstore::rpc
