#include "crypto/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::crypto {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  BOOKSTORE_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

void Sha256::update(std::string_view piece) {
  BOOKSTORE_CHECK(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1);
}

std::string Sha256::finish() {
  std::string digest(kSha256Size, '\0');
  BOOKSTORE_CHECK(EVP_DigestFinal_ex(context_.get(),
                                     reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1,
                  "finish() was called twice");
  return digest;
}

std::string sha256(std::string_view message) {
  Sha256 hash;
  hash.update(message);
  return hash.finish();
}

absl::StatusOr<std::string> sha256_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path.string(), ": ", strerror(errno)));
  }
  Sha256 hash;
  std::array<char, 1 << 16> piece;
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0) {
    hash.update({piece.data(), static_cast<size_t>(in.gcount())});
  }
  if (in.bad()) return absl::DataLossError(absl::StrCat("reading ", path.string(), " failed"));
  return hash.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string mac(kSha256Size, '\0');
  unsigned int size = 0;
  BOOKSTORE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       reinterpret_cast<unsigned char*>(mac.data()), &size) != nullptr);
  BOOKSTORE_CHECK(size == kSha256Size);
  return mac;
}

Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                   size_t size) {
  BOOKSTORE_CHECK(size <= 255 * kSha256Size, size);
  const std::string no_salt(kSha256Size, '\0');
  const Secret extracted(hmac_sha256(salt.empty() ? std::string_view(no_salt) : salt, key));
  std::string out;
  std::string block;
  for (char counter = 1; out.size() < size; ++counter) {
    block.append(info);
    block.push_back(counter);
    std::string next = hmac_sha256(extracted.reveal(), block);
    secure_zero(block);
    block = std::move(next);
    out.append(block, 0, std::min(block.size(), size - out.size()));
  }
  secure_zero(block);
  return Secret(std::move(out));
}

}  // namespace bookstore::crypto
