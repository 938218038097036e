#include "rpc/wire.h"

#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "bookstore/common/v1/common.pb.h"
#include "rpc/error_detail.h"

namespace bookstore::rpc {
namespace {

constexpr char kDetailUrl[] = "type.googleapis.com/bookstore.common.v1.ErrorDetail";

}  // namespace

absl::Status refuse(absl::StatusCode status_code, std::string_view code, std::string_view message,
                    bool retryable, int64_t retry_after_ms) {
  absl::Status status(status_code, base::absl_view(message));
  common::v1::ErrorDetail detail;
  detail.set_code(std::string(code));
  detail.set_retryable(retryable);
  detail.set_retry_after_ms(retry_after_ms);
  status.SetPayload(kDetailUrl, absl::Cord(detail.SerializeAsString()));
  return status;
}

std::optional<Refusal> refusal_of(const absl::Status& status) {
  const auto payload = status.GetPayload(kDetailUrl);
  common::v1::ErrorDetail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return {};
  return Refusal{detail.code(), detail.retryable(), detail.retry_after_ms()};
}

std::string encode_order(const OrderMetadata& order) {
  base::ByteWriter writer;
  writer.string(order.order_id);
  writer.varint(order.epoch.attempt);
  writer.varint(order.epoch.restart);
  writer.raw(order.clock.encode());
  return writer.take();
}

std::optional<OrderMetadata> decode_order(std::string_view bytes) {
  base::ByteReader reader(bytes);
  OrderMetadata order;
  order.order_id = reader.string();
  order.epoch.attempt = static_cast<uint32_t>(reader.varint());
  order.epoch.restart = static_cast<uint32_t>(reader.varint());
  const auto clock = causality::VectorClock::decode(reader.raw(reader.remaining()));
  if (!reader.ok() || !clock || order.order_id.empty()) return {};
  order.clock = *clock;
  return order;
}

grpc::Status to_grpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto payload = status.GetPayload(kDetailUrl);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), base::str(status.message()),
                      payload ? std::string(*payload) : std::string());
}

absl::Status from_grpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  if (!status.error_details().empty()) {
    result.SetPayload(kDetailUrl, absl::Cord(status.error_details()));
  }
  return result;
}

grpc::ByteBuffer to_buffer(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

bool from_buffer(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite* message) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return false;
  if (slices.size() == 1) {
    return message->ParseFromArray(slices[0].begin(), static_cast<int>(slices[0].size()));
  }
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return message->ParseFromString(bytes);
}

}  // namespace bookstore::rpc
