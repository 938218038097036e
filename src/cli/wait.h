#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "cli/log_book.h"
#include "cli/private_postgres.h"
#include "cli/signals.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

// Asks `ready` until it says yes. CANCELLED when the user wants to stop; FAILED_PRECONDITION with
// the service's own last words when it ends instead; DEADLINE_EXCEEDED.
absl::Status wait_for_service(const std::string& service, const std::function<bool()>& ready,
                              const Supervisor& supervisor, const LogBook& logs, StopSignal& stop,
                              const base::Clock& clock, base::Deadline deadline);

absl::Status wait_for_postgres(const PrivatePostgres& database, const Supervisor& supervisor,
                               const LogBook& logs, StopSignal& stop, const base::Clock& clock,
                               base::Deadline deadline);

}  // namespace bookstore::cli
