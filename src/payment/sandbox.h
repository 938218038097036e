#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/random.h"
#include "payment/provider.h"
#include "payment/sandbox_faults.h"
#include "postgres/pool.h"

namespace bookstore::payment {

// The provider for demonstrations and tests: deterministic verdicts (sandbox_rules.h), a ledger of
// its own in schema `sandbox`, each operation in a transaction of its own on connections of its
// own, so that what it did survives the death of the process that asked. Misbehaves as the rows of
// sandbox.fault say (README.md); a fault that takes time blocks the calling thread. Any thread.
class SandboxProvider final : public Provider {
 public:
  // `pool` must not be the one of payment's own rows; both outlive the provider.
  SandboxProvider(postgres::Pool& pool, base::Random& random)
      : pool_(pool), random_(random), faults_(pool) {}

  absl::StatusOr<TokeniseAnswer> tokenise(const Card& card, std::string_view cvc,
                                          base::Deadline deadline) override;
  absl::StatusOr<ProviderAnswer> authorise(const std::string& provider_token,
                                           const base::Money& amount, const std::string& key,
                                           base::Deadline deadline) override;
  absl::StatusOr<ProviderAnswer> capture(const std::string& authorisation,
                                         const base::Money& amount, const std::string& key,
                                         base::Deadline deadline) override;
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string& authorisation,
                                                    const std::string& key,
                                                    base::Deadline deadline) override;
  absl::StatusOr<ProviderAnswer> lookup(const std::string& key, base::Deadline deadline) override;
  absl::StatusOr<ProviderAnswer> cancel(const std::string& key, base::Deadline deadline) override;

 private:
  // How an operation is done when its fault has been met.
  struct Orders {
    bool whatever_fault = false;         // else it is left undone where one is armed
    std::optional<std::string> verdict;  // a refusal, or empty for an approval of whatever amount
    int64_t minor_off = 0;               // another amount than asked
  };
  // The answer, and whether a fault is armed so that nothing was done.
  struct Done {
    ProviderAnswer answer;
    bool armed = false;
  };
  using Effect = std::function<absl::StatusOr<Done>(const Orders&, base::Deadline)>;

  // Adds the questions that follow every effect, and sends it all as one transaction.
  static absl::StatusOr<Done> run(postgres::Batch& batch, const postgres::Statement& read,
                                  const std::string& key, std::string_view step,
                                  const std::string& authorisation, base::Deadline deadline);
  absl::StatusOr<ProviderAnswer> perform(std::string_view step, const std::string& authorisation,
                                         const Effect& effect, base::Deadline deadline);
  absl::StatusOr<ProviderAnswer> misbehave(std::string_view step, const MetFault& fault,
                                           const Effect& effect, base::Deadline deadline);
  absl::StatusOr<ProviderAnswer> end(std::string_view kind, const std::string& authorisation,
                                     const base::Money& amount, const std::string& key,
                                     base::Deadline deadline);

  postgres::Pool& pool_;
  base::Random& random_;
  SandboxFaults faults_;
};

}  // namespace bookstore::payment
