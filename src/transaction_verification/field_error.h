#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bookstore::transaction_verification {

// One wrong field of POST /v1/checkout. `pointer` is an RFC 6901 pointer into that body, `code` is
// stable; neither they nor `detail` ever carry the value.
struct FieldError {
  std::string_view pointer;
  std::string_view code;
  std::string_view detail;

  friend bool operator==(const FieldError&, const FieldError&) = default;
};

using FieldErrors = std::vector<FieldError>;

}  // namespace bookstore::transaction_verification
