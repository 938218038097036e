#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "base/random.h"
#include "causality/ledger.h"
#include "causality/vector_clock.h"
#include "crypto/secret.h"
#include "payment/provider.h"
#include "postgres/pool.h"

namespace bookstore::payment {

struct TokeniseCall {
  std::string order_id;
  causality::Epoch epoch;
  Card card;
  std::string_view cvc;
  causality::VectorClock clock;  // the caller's, with its send event
};

struct TokeniseReply {
  std::string token;    // empty when refused
  std::string refusal;  // empty when accepted
  std::string brand;
  std::string last4;
  causality::VectorClock clock;  // after the reply's send event
};

// A card as it comes out of the vault; zeroed when it dies.
struct StoredCard {
  crypto::Secret number;
  uint32_t expiry_month = 0;
  uint32_t expiry_year = 0;
  crypto::Secret holder_name;
};

// Cards at rest, each sealed with a key derived from the platform key and bound to its token and
// order. The security code goes to the provider and nowhere else. Any thread.
class Vault {
 public:
  // `host` is our name in the clocks. All references outlive the vault.
  Vault(postgres::Pool& pool, Provider& provider, base::Random& random,
        const crypto::Secret& platform_key, std::string host);

  // Once, at start: FAILED_PRECONDITION with a clear sentence when the database was made with
  // another platform key. Remembers the key's check value in an empty database.
  absl::Status check_key(base::Deadline deadline);

  // Asks the provider about the card, then stores it (or the refusal). The same order and epoch
  // again gives the same answer without asking, and continues the same clock.
  absl::StatusOr<TokeniseReply> tokenise(const TokeniseCall& call, base::Deadline deadline);

  // NOT_FOUND for an unknown token or a refused card; DATA_LOSS when the row was changed.
  absl::StatusOr<StoredCard> read(const std::string& token, base::Deadline deadline);

 private:
  absl::StatusOr<std::optional<TokeniseReply>> repeat(const TokeniseCall& call,
                                                      base::Deadline deadline);
  absl::StatusOr<bool> insert(const TokeniseCall& call, const TokeniseAnswer& judged,
                              const TokeniseReply& reply, base::Deadline deadline);

  postgres::Pool& pool_;
  Provider& provider_;
  base::Random& random_;
  const crypto::Secret key_;
  const std::string key_check_;
  const std::string host_;
};

}  // namespace bookstore::payment
