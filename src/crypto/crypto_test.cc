#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <latch>
#include <thread>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/platform_key.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bookstore::crypto {
namespace {

using base::to_hex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

std::string bytes_between(int first, int last) {
  std::string out;
  for (int byte = first; byte <= last; ++byte) out.push_back(static_cast<char>(byte));
  return out;
}

TEST(Sha256, Fips180Examples) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, AFileInPiecesIsTheSameAsTheWhole) {
  const std::string path = ::testing::TempDir() + "sha256_" + std::to_string(getpid());
  const std::string content(200'000, 'a');
  std::ofstream(path, std::ios::binary) << content;
  const auto of_file = sha256_file(path);
  ASSERT_TRUE(of_file.ok()) << of_file.status();
  EXPECT_EQ(*of_file, sha256(content));
  unlink(path.c_str());
  EXPECT_EQ(sha256_file(path).status().code(), absl::StatusCode::kNotFound);
}

TEST(Hmac, Rfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hkdf, Rfc5869) {
  EXPECT_EQ(to_hex(hkdf_sha256(std::string(22, '\x0b'), bytes_between(0x00, 0x0c),
                               bytes_between(0xf0, 0xf9), 42)
                       .reveal()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(hkdf_sha256(bytes_between(0x00, 0x4f), bytes_between(0x60, 0xaf),
                               bytes_between(0xb0, 0xff), 82)
                       .reveal()),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf_sha256(std::string(22, '\x0b'), "", "", 42).reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// Test cases 13, 14 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), which
// NIST SP 800-38D was made from.
TEST(Seal, GcmTestCases) {
  const std::string zero_key(32, '\0');
  const std::string zero_nonce(12, '\0');
  EXPECT_EQ(to_hex(seal_with_nonce(zero_key, zero_nonce, "", "").substr(12)),
            "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(to_hex(seal_with_nonce(zero_key, zero_nonce, std::string(16, '\0'), "").substr(12)),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  const std::string key =
      from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  EXPECT_EQ(to_hex(seal_with_nonce(
                       key, from_hex("cafebabefacedbaddecaf888"),
                       from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
                       from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
                       .substr(12)),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(Seal, OpensOnlyWithTheSameKeyOwnerAndBytes) {
  const std::string key(32, 'k');
  const std::string sealed = seal(key, "attack at dawn", "token-1");
  EXPECT_NE(sealed, seal(key, "attack at dawn", "token-1"));  // a nonce of its own each time
  const auto opened = open(key, sealed, "token-1");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->reveal(), "attack at dawn");

  EXPECT_FALSE(open(key, sealed, "token-2").ok());
  EXPECT_FALSE(open(std::string(32, 'l'), sealed, "token-1").ok());
  EXPECT_FALSE(open(key, "", "token-1").ok());
  EXPECT_FALSE(open(key, sealed.substr(0, 27), "token-1").ok());
  for (size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] ^= 1;
    EXPECT_EQ(open(key, changed, "token-1").status().code(), absl::StatusCode::kDataLoss) << at;
  }
}

TEST(Secrets, AreComparedAndZeroed) {
  EXPECT_TRUE(equal_constant_time("same", "same"));
  EXPECT_FALSE(equal_constant_time("same", "sane"));
  EXPECT_FALSE(equal_constant_time("same", "same "));
  std::string text = "4000000000000002";
  char* const memory = text.data();
  secure_zero(text);
  EXPECT_EQ(std::string_view(memory, 15), std::string_view(std::string(15, '\0')));

  std::string number = "4000000000000002 and more than fits in place";
  Secret secret(std::move(number));
  const Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(moved.reveal(), "4000000000000002 and more than fits in place");
}

class PlatformKeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv(kPlatformKeyVariable);
    file_ = ::testing::TempDir() + "platform_key_" + std::to_string(getpid());
    unlink(file_.c_str());
  }
  void TearDown() override {
    unlink(file_.c_str());
    unsetenv(kPlatformKeyVariable);
  }
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(file_) << text;
    chmod(file_.c_str(), mode);
  }
  void expect_refused(const std::string& words) {
    const auto key = load_platform_key(file_, IfMissing::kRefuse);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(base::str(key.status().message()), HasSubstr(words));
  }
  std::string file_;
};

TEST_F(PlatformKeyTest, IsMadeOnceAndOnlyWhenAsked) {
  expect_refused("No such file");
  const auto made = load_platform_key(file_, IfMissing::kMake);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->size(), 32u);
  struct stat info {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_nlink, 1u);
  EXPECT_EQ(load_platform_key(file_, IfMissing::kMake)->reveal(), made->reveal());
}

TEST_F(PlatformKeyTest, ManyMakersGetOneKey) {
  std::latch start(8);
  std::vector<std::string> keys(8);
  std::vector<std::thread> makers;
  for (auto& key : keys) {
    makers.emplace_back([&] {
      start.arrive_and_wait();
      const auto made = load_platform_key(file_, IfMissing::kMake);
      if (made.ok()) key = made->reveal();
    });
  }
  for (auto& maker : makers) maker.join();
  EXPECT_EQ(keys[0].size(), 32u);
  for (const auto& key : keys) EXPECT_EQ(key, keys[0]);
}

TEST_F(PlatformKeyTest, WhatIsNotAPrivateKeyFileIsRefusedWithoutItsContent) {
  const std::string hex(64, 'a');
  write(hex + "\n", 0640);
  expect_refused("others may read it");
  for (const std::string& wrong : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                   hex + "\n\n\n\n", std::string(63, 'a') + "g"}) {
    write(wrong);
    expect_refused("does not hold 64 hex digits");
    EXPECT_THAT(base::str(load_platform_key(file_, IfMissing::kMake).status().message()),
                Not(HasSubstr("aaaa")));
  }
}

TEST_F(PlatformKeyTest, TheEnvironmentWins) {
  write(std::string(64, 'a') + "\n");
  setenv(kPlatformKeyVariable, std::string(64, 'b').c_str(), 1);
  EXPECT_EQ(load_platform_key(file_, IfMissing::kRefuse)->reveal(), std::string(32, '\xbb'));
  setenv(kPlatformKeyVariable, "too short", 1);
  expect_refused("BOOKSTORE_PLATFORM_KEY");
}

TEST(DeriveKey, OneKeyForEachPurpose) {
  const Secret platform(std::string(32, 'p'));
  const Secret other(std::string(32, 'q'));
  EXPECT_EQ(derive_key(platform, "vault").reveal(), derive_key(platform, "vault").reveal());
  EXPECT_NE(derive_key(platform, "vault").reveal(), derive_key(platform, "fingerprint").reveal());
  EXPECT_NE(key_check_value(platform), key_check_value(other));
  EXPECT_EQ(key_check_value(platform).size(), 64u);
}

}  // namespace
}  // namespace bookstore::crypto
