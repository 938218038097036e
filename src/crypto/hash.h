#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

extern "C" {
struct evp_md_ctx_st;
}

namespace bookstore::crypto {

inline constexpr size_t kSha256Size = 32;

// 32 raw bytes; base::to_hex writes them down.
std::string sha256(std::string_view message);

// The same in pieces. One thread.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view piece);
  // Once, at the end.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Reads the file in pieces: any size.
absl::StatusOr<std::string> sha256_file(const std::filesystem::path& path);

// RFC 2104, 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);

// RFC 5869 with SHA-256: a key of `size` bytes (at most 8160) for one purpose, which `info` names.
Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, size_t size);

}  // namespace bookstore::crypto
