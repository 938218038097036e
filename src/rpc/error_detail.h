#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace bookstore::rpc {

// The machine-readable half of a refusal (proto common.v1.ErrorDetail), carried by a status
// through gRPC and back.
struct Refusal {
  std::string code;  // stable, snake_case
  bool retryable = false;
  int64_t retry_after_ms = 0;
};

absl::Status refuse(absl::StatusCode status_code, std::string_view code, std::string_view message,
                    bool retryable = false, int64_t retry_after_ms = 0);
// What refuse() put there, on either side of the wire.
std::optional<Refusal> refusal_of(const absl::Status& status);

}  // namespace bookstore::rpc
