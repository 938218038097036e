#include "base/status.h"

#include "absl/strings/str_cat.h"

namespace bookstore::base {

std::string describe(const absl::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
}

absl::Status annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(absl_view(context), ": ", status.message()));
}

}  // namespace bookstore::base
