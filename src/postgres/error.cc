#include "postgres/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace bookstore::postgres {
namespace {

constexpr char kSqlstateUrl[] = "bookstore/postgres/sqlstate";
constexpr char kConstraintUrl[] = "bookstore/postgres/constraint";

absl::StatusCode code_of(std::string_view state) {
  const std::string_view group = state.substr(0, 2);
  if (state == "23505") return absl::StatusCode::kAlreadyExists;
  if (state == "40001" || state == "40P01" || state == "25P02") return absl::StatusCode::kAborted;
  if (state == "57014" || state == "55P03" || state == "25P03") {
    return absl::StatusCode::kDeadlineExceeded;
  }
  if (state == "53300" || state == "25006" || group == "08" || group == "57") {
    return absl::StatusCode::kUnavailable;
  }
  if (group == "53" || group == "54") return absl::StatusCode::kResourceExhausted;
  if (group == "58") return absl::StatusCode::kUnavailable;
  if (group == "23") return absl::StatusCode::kFailedPrecondition;
  if (group == "22") return absl::StatusCode::kInvalidArgument;
  if (group == "28") return absl::StatusCode::kUnauthenticated;
  if (state == "42501") return absl::StatusCode::kPermissionDenied;
  return absl::StatusCode::kInternal;
}

std::string payload(const absl::Status& status, const char* url) {
  const auto value = status.GetPayload(url);
  return value.has_value() ? std::string(*value) : "";
}

}  // namespace

absl::Status make_status(std::string_view sqlstate, std::string_view primary_message,
                         std::string_view constraint) {
  if (sqlstate.empty()) {
    return absl::UnavailableError(absl::StrCat("database: ", base::absl_view(primary_message)));
  }
  const bool quotes_values = sqlstate.substr(0, 2) == "22";
  absl::Status status(
      code_of(sqlstate),
      absl::StrCat(
          "database: ", quotes_values ? "a value does not fit" : base::absl_view(primary_message),
          " (", base::absl_view(sqlstate), constraint.empty() ? "" : ", constraint ",
          base::absl_view(constraint), ")"));
  status.SetPayload(kSqlstateUrl, absl::Cord(base::absl_view(sqlstate)));
  if (!constraint.empty()) {
    status.SetPayload(kConstraintUrl, absl::Cord(base::absl_view(constraint)));
  }
  return status;
}

std::string sqlstate(const absl::Status& status) {
  return payload(status, kSqlstateUrl);
}
std::string constraint(const absl::Status& status) {
  return payload(status, kConstraintUrl);
}

}  // namespace bookstore::postgres
