#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace bookstore::postgres {

// How the database's errors become absl::Status:
//   unique violation → ALREADY_EXISTS; other broken constraint → FAILED_PRECONDITION;
//   serialization failure, deadlock → ABORTED (do it again from the start);
//   no connection, shutdown, too many connections, read-only standby → UNAVAILABLE;
//   cancelled, statement or lock timeout → DEADLINE_EXCEEDED; bad value → INVALID_ARGUMENT;
//   disk or memory full → RESOURCE_EXHAUSTED; wrong password → UNAUTHENTICATED; else INTERNAL.
// Messages never carry a value of a row or parameter: only the server's primary message (left out
// for data errors, which quote the value), SQLSTATE and the constraint's name.
// UNAVAILABLE or DEADLINE_EXCEEDED of a commit means that its outcome is unknown.
absl::Status make_status(std::string_view sqlstate, std::string_view primary_message,
                         std::string_view constraint);

// The five characters of the SQLSTATE, empty when the error did not come from the server.
std::string sqlstate(const absl::Status& status);
// The name of the broken constraint, empty when there is none.
std::string constraint(const absl::Status& status);

}  // namespace bookstore::postgres
