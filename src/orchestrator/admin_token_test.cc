#include "orchestrator/admin_token.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "crypto/platform_key.h"

namespace bookstore::orchestrator {
namespace {

using Verdict = AdminToken::Verdict;

TEST(AdminToken, IsShownAsABearerTokenAndNothingElseOpensTheDoor) {
  const std::string bytes(32, '\xa7');
  const AdminToken token{crypto::Secret(bytes)};
  const std::string hex = base::to_hex(bytes);
  EXPECT_EQ(token.judge("Bearer " + hex), Verdict::kWelcome);
  EXPECT_EQ(token.judge("bearer " + hex), Verdict::kWelcome) << "a scheme has no case";
  EXPECT_EQ(token.judge(""), Verdict::kMissing);
  EXPECT_EQ(token.judge("Basic " + hex), Verdict::kMissing);
  EXPECT_EQ(token.judge("Bearer"), Verdict::kMissing);
  EXPECT_EQ(token.judge(hex), Verdict::kMissing);
  EXPECT_EQ(token.judge("Bearer "), Verdict::kWrong);
  EXPECT_EQ(token.judge("Bearer " + hex.substr(1)), Verdict::kWrong);
  EXPECT_EQ(token.judge("Bearer " + hex + "0"), Verdict::kWrong);
  for (size_t at = 0; at < hex.size(); ++at) {
    std::string other = hex;
    other[at] = other[at] == '0' ? '1' : '0';
    EXPECT_EQ(token.judge("Bearer " + other), Verdict::kWrong) << at;
  }
}

TEST(AdminToken, AFileThatOthersMayReadIsRefused) {
  const auto file =
      std::filesystem::temp_directory_path() / ("admin-token-" + std::to_string(getpid()));
  std::ofstream(file) << std::string(64, 'a') << "\n";
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  EXPECT_FALSE(AdminToken::load(file).ok());
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  const auto token = AdminToken::load(file);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ((*token)->judge("Bearer " + std::string(64, 'a')), Verdict::kWelcome);
  std::filesystem::remove(file);
  EXPECT_FALSE(AdminToken::load(file).ok());
}

}  // namespace
}  // namespace bookstore::orchestrator
