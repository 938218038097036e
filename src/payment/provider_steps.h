#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "payment/provider.h"
#include "payment/provider_calls.h"

namespace bookstore::payment {

// The conversations with the provider, one for each kind of work. Each may be repeated at any time
// with the same keys; when it was asked before, it looks the key up first. An error status means
// that nobody knows.
struct StepKeys {
  std::string authorise;
  std::string capture;
  std::string cancel;
  std::string void_;
};
StepKeys step_keys(const std::string& order_id);

absl::StatusOr<std::vector<Fact>> ask_authorise(Provider& provider, const StepKeys& keys,
                                                const std::string& provider_token,
                                                const base::Money& amount, bool asked_before,
                                                base::Deadline deadline);
absl::StatusOr<std::vector<Fact>> ask_capture(Provider& provider, const StepKeys& keys,
                                              const base::Money& amount, bool asked_before,
                                              base::Deadline deadline);
// Closes the key of the authorisation, then voids what had been approved under it.
absl::StatusOr<std::vector<Fact>> ask_cancel_and_void(Provider& provider, const StepKeys& keys,
                                                      base::Deadline deadline);

}  // namespace bookstore::payment
