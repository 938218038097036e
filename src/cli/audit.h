#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "json/fwd.h"
#include "postgres/pool.h"

namespace bookstore::cli {

// One thing that is not as it must be.
struct AuditFinding {
  std::string name;     // of the invariant: `captured`, `held`, `fence`, …
  std::string subject;  // the order, book or provider key
  std::string expected;
  std::string found;
};

// What the database says about the invariants at rest: no order under way, stock and holds add up,
// captures at the provider = completed orders, nothing stays authorised for an order that ended
// otherwise, our ledger = the provider's, no fence was lowered.
struct AuditReport {
  int64_t wrong = 0;                       // all of them
  std::vector<AuditFinding> findings;      // the first kFindingsMax of each kind of question
  std::map<std::string, int64_t> figures;  // `orders completed`, `captures`, `copies held`, …

  bool ok() const { return wrong == 0; }
  // One line each, the number first; what a failed test prints.
  std::string to_string() const;
  json::Object to_json() const;

  static constexpr int64_t kFindingsMax = 100;
};

// Reads published views alone, all of one moment. `accepted`: ids that a client was promised (202);
// each must be there and have ended, wait in review, or be parked. Meaningful at rest only.
absl::StatusOr<AuditReport> audit(postgres::Pool& pool, base::Deadline deadline,
                                  const std::vector<std::string>& accepted = {});

// Waits until no order is between its outcome and its end; DEADLINE_EXCEEDED says what still is.
absl::Status wait_for_rest(postgres::Pool& pool, base::Deadline deadline);

}  // namespace bookstore::cli
