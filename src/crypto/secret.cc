#include "crypto/secret.h"

#include <openssl/crypto.h>

namespace bookstore::crypto {

void secure_zero(void* memory, size_t size) {
  OPENSSL_cleanse(memory, size);
}

void secure_zero(std::string& text) {
  text.resize(text.capacity());  // what lies behind the end may be older secret bytes
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bookstore::crypto
