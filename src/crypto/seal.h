#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace bookstore::crypto {

inline constexpr size_t kAesKeySize = 32;
inline constexpr size_t kAesNonceSize = 12;
inline constexpr size_t kAesTagSize = 16;

// AES-256-GCM (NIST SP 800-38D) under a fresh random nonce: nonce, ciphertext, tag. `associated`
// is not stored but must be the same at open(): what the bytes belong to. `key` has 32 bytes; at
// most 2^32 seals under one key.
std::string seal(std::string_view key, std::string_view plain, std::string_view associated);
// The same with a nonce of 12 bytes that the caller has never used with this key.
std::string seal_with_nonce(std::string_view key, std::string_view nonce, std::string_view plain,
                            std::string_view associated);

// DATA_LOSS when key, associated data or any bit of `sealed` is not what it was.
absl::StatusOr<Secret> open(std::string_view key, std::string_view sealed,
                            std::string_view associated);

// Bytes of the kernel's generator by way of OpenSSL.
std::string random_bytes(size_t size);

}  // namespace bookstore::crypto
