#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace bookstore::checkout {

// The HMACs of a checkout, each under a key of its own derived from the platform's. 32 bytes each.
class Keys {
 public:
  explicit Keys(const crypto::Secret& platform_key);

  // Of a shopper: the e-mail, without regard to ASCII case.
  std::string customer(std::string_view email) const;
  // Whose keys are compared with one another: the route and the shopper.
  std::string scope(std::string_view email) const;
  std::string idempotency(std::string_view key) const;
  std::string fingerprint(std::string_view canonical_body) const;
  // Of a card number, for fraud's counters.
  std::string card(std::string_view number) const;
  // The same shopper's same purchase, also after its key was freed.
  std::string intent(std::string_view scope, std::string_view key) const;

 private:
  crypto::Secret customer_;
  crypto::Secret scope_;
  crypto::Secret idempotency_;
  crypto::Secret fingerprint_;
  crypto::Secret card_;
  crypto::Secret intent_;
};

}  // namespace bookstore::checkout
