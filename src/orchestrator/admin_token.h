#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace bookstore::orchestrator {

// The secret that an operator shows: `Authorization: Bearer <64 hex digits>`. Any thread.
class AdminToken {
 public:
  // From a file like the platform's key: 64 hex digits, for its owner alone.
  static absl::StatusOr<std::shared_ptr<const AdminToken>> load(const std::filesystem::path& file);
  explicit AdminToken(crypto::Secret token) : token_(std::move(token)) {}

  enum class Verdict { kWelcome, kMissing, kWrong };
  // Takes as long whatever is wrong with a token of the right length.
  Verdict judge(std::string_view authorization) const;

 private:
  const crypto::Secret token_;
};

}  // namespace bookstore::orchestrator
