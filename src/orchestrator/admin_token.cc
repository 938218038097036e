#include "orchestrator/admin_token.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/platform_key.h"

namespace bookstore::orchestrator {
namespace {

constexpr std::string_view kScheme = "bearer ";

bool has_scheme(std::string_view authorization) {
  return authorization.size() >= kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                    [](char ours, char theirs) { return ours == (theirs | 0x20); });
}

}  // namespace

absl::StatusOr<std::shared_ptr<const AdminToken>> AdminToken::load(
    const std::filesystem::path& file) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto token, crypto::load_key_file(file));
  return std::make_shared<const AdminToken>(std::move(token));
}

AdminToken::Verdict AdminToken::judge(std::string_view authorization) const {
  if (!has_scheme(authorization)) return Verdict::kMissing;
  authorization.remove_prefix(kScheme.size());
  const auto shown = crypto::parse_key(authorization);
  return shown && crypto::equal_constant_time(shown->reveal(), token_.reveal()) ? Verdict::kWelcome
                                                                                : Verdict::kWrong;
}

}  // namespace bookstore::orchestrator
