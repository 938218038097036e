#include "checkout/keys.h"

#include "base/bytes.h"
#include "crypto/hash.h"
#include "crypto/platform_key.h"

namespace bookstore::checkout {
namespace {

constexpr std::string_view kRoute = "POST /v1/checkout";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Two texts as one message that no other two make.
std::string pair(std::string_view first, std::string_view second) {
  base::ByteWriter writer;
  writer.string(first);
  writer.string(second);
  return writer.take();
}

}  // namespace

Keys::Keys(const crypto::Secret& platform_key)
    : customer_(crypto::derive_key(platform_key, "orders customer")),
      scope_(crypto::derive_key(platform_key, "orders key scope")),
      idempotency_(crypto::derive_key(platform_key, "orders idempotency key")),
      fingerprint_(crypto::derive_key(platform_key, "orders fingerprint")),
      card_(crypto::derive_key(platform_key, "fraud card")),
      intent_(crypto::derive_key(platform_key, "fraud intent")) {}

std::string Keys::customer(std::string_view email) const {
  return crypto::hmac_sha256(customer_.reveal(), lower(email));
}

std::string Keys::scope(std::string_view email) const {
  return crypto::hmac_sha256(scope_.reveal(), pair(kRoute, lower(email)));
}

std::string Keys::idempotency(std::string_view key) const {
  return crypto::hmac_sha256(idempotency_.reveal(), key);
}

std::string Keys::fingerprint(std::string_view canonical_body) const {
  return crypto::hmac_sha256(fingerprint_.reveal(), canonical_body);
}

std::string Keys::card(std::string_view number) const {
  return crypto::hmac_sha256(card_.reveal(), number);
}

std::string Keys::intent(std::string_view scope, std::string_view key) const {
  return crypto::hmac_sha256(intent_.reveal(), pair(scope, key));
}

}  // namespace bookstore::checkout
