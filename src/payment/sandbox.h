#pragma once

#include <string>

#include "base/random.h"
#include "payment/provider.h"
#include "postgres/pool.h"

namespace bookstore::payment {

// The provider for demonstrations and tests: deterministic verdicts (sandbox_rules.h), a ledger of
// its own in schema `sandbox`, each operation in a transaction of its own on connections of its
// own, so that what it did survives the death of the process that asked. Any thread.
class SandboxProvider final : public Provider {
 public:
  // `pool` must not be the one of payment's own rows; both outlive the provider.
  SandboxProvider(postgres::Pool& pool, base::Random& random) : pool_(pool), random_(random) {}

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
  absl::StatusOr<ProviderAnswer> end(std::string_view kind, const std::string& authorisation,
                                     const base::Money& amount, const std::string& key,
                                     base::Deadline deadline);

  postgres::Pool& pool_;
  base::Random& random_;
};

}  // namespace bookstore::payment
