#include "crypto/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "base/check.h"

namespace bookstore::crypto {
namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes, size_t at = 0) {
  return reinterpret_cast<unsigned char*>(bytes.data()) + at;
}
int length(std::string_view bytes) {
  BOOKSTORE_CHECK(bytes.size() < (1u << 30), bytes.size());
  return static_cast<int>(bytes.size());
}

}  // namespace

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  BOOKSTORE_CHECK(RAND_bytes(out(bytes), static_cast<int>(size)) == 1, "no randomness");
  return bytes;
}

std::string seal(std::string_view key, std::string_view plain, std::string_view associated) {
  return seal_with_nonce(key, random_bytes(kAesNonceSize), plain, associated);
}

std::string seal_with_nonce(std::string_view key, std::string_view nonce, std::string_view plain,
                            std::string_view associated) {
  BOOKSTORE_CHECK(key.size() == kAesKeySize && nonce.size() == kAesNonceSize);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string sealed(kAesNonceSize + plain.size() + kAesTagSize, '\0');
  nonce.copy(sealed.data(), kAesNonceSize);
  int done = 0;
  bool ok = cipher != nullptr &&
            EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1;
  if (!associated.empty()) {
    ok = ok &&
         EVP_EncryptUpdate(cipher.get(), nullptr, &done, in(associated), length(associated)) == 1;
  }
  if (!plain.empty()) {
    ok = ok && EVP_EncryptUpdate(cipher.get(), out(sealed, kAesNonceSize), &done, in(plain),
                                 length(plain)) == 1;
  }
  unsigned char nothing[kAesTagSize];  // GCM writes no last block
  ok = ok && EVP_EncryptFinal_ex(cipher.get(), nothing, &done) == 1 &&
       EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kAesTagSize,
                           out(sealed, kAesNonceSize + plain.size())) == 1;
  BOOKSTORE_CHECK(ok, "AES-GCM failed");
  return sealed;
}

absl::StatusOr<Secret> open(std::string_view key, std::string_view sealed,
                            std::string_view associated) {
  BOOKSTORE_CHECK(key.size() == kAesKeySize);
  if (sealed.size() < kAesNonceSize + kAesTagSize) {
    return absl::DataLossError("sealed bytes are too short");
  }
  const std::string_view nonce = sealed.substr(0, kAesNonceSize);
  std::string tag(sealed.substr(sealed.size() - kAesTagSize));
  const std::string_view body =
      sealed.substr(kAesNonceSize, sealed.size() - kAesNonceSize - kAesTagSize);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  std::string plain(body.size(), '\0');
  int done = 0;
  bool ok = cipher != nullptr &&
            EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1;
  if (!associated.empty()) {
    ok = ok &&
         EVP_DecryptUpdate(cipher.get(), nullptr, &done, in(associated), length(associated)) == 1;
  }
  if (!body.empty()) {
    ok = ok && EVP_DecryptUpdate(cipher.get(), out(plain), &done, in(body), length(body)) == 1;
  }
  BOOKSTORE_CHECK(
      ok && EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kAesTagSize, tag.data()) == 1,
      "AES-GCM failed");
  unsigned char nothing[kAesTagSize];
  if (EVP_DecryptFinal_ex(cipher.get(), nothing, &done) != 1) {
    secure_zero(plain);  // nobody may use what was not proven
    return absl::DataLossError("sealed bytes were changed, or are of another key or owner");
  }
  return Secret(std::move(plain));
}

}  // namespace bookstore::crypto
