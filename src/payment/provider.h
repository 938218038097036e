#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "base/money.h"
#include "payment/participant.h"

namespace bookstore::payment {

// Borrowed from buffers that their owner zeroes; never copied into anything that lives longer.
struct Card {
  std::string_view number;
  uint32_t expiry_month = 0;
  uint32_t expiry_year = 0;
  std::string_view holder_name;
};

struct TokeniseAnswer {
  std::string provider_token;  // empty when refused
  std::string refusal;         // card_declined, incorrect_cvc, …; empty when accepted
  std::string brand;
};

// What the provider says of one key. kUnknown: it has never seen it. kClosed: it was canceled
// before anything happened under it.
struct ProviderAnswer {
  Outcome outcome = Outcome::kUnknown;
  std::string reason;
  base::Money amount = {};  // of what was approved
};

// A payment company. It cannot be fenced and may be silent: an error status means that nobody
// knows what happened, so the caller asks again by the same key, which the provider answers with
// the outcome it once had. Any thread.
class Provider {
 public:
  virtual ~Provider() = default;

  // Judges card and code without money.
  virtual absl::StatusOr<TokeniseAnswer> tokenise(const Card& card, std::string_view cvc,
                                                  base::Deadline deadline) = 0;
  virtual absl::StatusOr<ProviderAnswer> authorise(const std::string& provider_token,
                                                   const base::Money& amount,
                                                   const std::string& key,
                                                   base::Deadline deadline) = 0;
  // `authorisation` is the key of an authorise. It is captured or voided, once.
  virtual absl::StatusOr<ProviderAnswer> capture(const std::string& authorisation,
                                                 const base::Money& amount, const std::string& key,
                                                 base::Deadline deadline) = 0;
  virtual absl::StatusOr<ProviderAnswer> void_authorisation(const std::string& authorisation,
                                                            const std::string& key,
                                                            base::Deadline deadline) = 0;
  // What became of a key, without any effect.
  virtual absl::StatusOr<ProviderAnswer> lookup(const std::string& key,
                                                base::Deadline deadline) = 0;
  // Closes the key: every later call with it is refused. The outcome it had by then, kClosed
  // when it had none.
  virtual absl::StatusOr<ProviderAnswer> cancel(const std::string& key,
                                                base::Deadline deadline) = 0;
};

}  // namespace bookstore::payment
