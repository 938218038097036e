#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "payment/sandbox_rules.h"
#include "postgres/pool.h"

namespace bookstore::payment {

// What the sandbox does wrong with one call.
enum class Mischief {
  kLostBefore,   // the request is lost: no effect, no answer
  kLostAfter,    // the answer is lost
  kLate,         // the effect at once, the answer late
  kSlow,         // effect and answer late
  kTwice,        // the request arrives twice
  kSilent,       // no effect and no answer to anything, for a while
  kRefused,      // refused for good
  kOtherAmount,  // approved, but for another amount
};

struct MetFault {
  Mischief mischief;
  base::DurationMs delay_ms;  // of kSilent: what is left of it
};

// The rows of sandbox.fault. Any thread.
class SandboxFaults {
 public:
  explicit SandboxFaults(postgres::Pool& pool) : pool_(pool) {}

  // What a test card brings along, once an authorisation.
  absl::Status arm(const std::string& authorisation, std::span<const Fault> faults,
                   base::Deadline deadline);
  // The fault that this call meets, used up by it.
  absl::StatusOr<std::optional<MetFault>> meet(const std::string& authorisation,
                                               std::string_view step, base::Deadline deadline);

 private:
  postgres::Pool& pool_;
};

}  // namespace bookstore::payment
