#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/ids.h"
#include "cli/shop.h"
#include "json/json.h"
#include "test_platform.h"

namespace bookstore::integration {

// A platform for all tests of a suite, with a shop to buy in. Tests leave the stock of kPlenty and
// kAlsoPlenty as it comes; each test uses shoppers of its own.
class RunningPlatform : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { start_platform(1); }
  static void start_platform(int orchestrators) {
    if (!TestPlatform::reason_to_skip().empty()) return;
    platform_ = std::make_unique<TestPlatform>(orchestrators);
    started_ = platform_->start();
  }
  // A sanitizer in a service says what it found on stderr, at the latest when the service ends.
  static void TearDownTestSuite() {
    if (platform_ == nullptr) return;
    platform_->stop();
    const std::string printed = platform_->everything_printed();
    for (const char* report : {"Sanitizer", "runtime error: "}) {
      const size_t at = printed.find(report);
      EXPECT_EQ(at, std::string::npos) << printed.substr(at == printed.npos ? 0 : at, 4'000);
    }
    platform_.reset();
  }

  void SetUp() override {
    if (platform_ == nullptr) GTEST_SKIP() << TestPlatform::reason_to_skip();
    ASSERT_TRUE(started_.ok()) << started_;
    shop_ = std::make_unique<cli::Shop>(platform_->endpoints(), platform_->clock());
  }

  static TestPlatform& platform() { return *platform_; }
  cli::Shop& shop() { return *shop_; }
  static cli::Shopper shopper() {
    return cli::make_shopper(platform_->clock(), platform_->random());
  }
  static std::string new_key() {
    return "it-" + base::make_ulid(platform_->clock(), platform_->random());
  }
  static base::Deadline within(base::DurationMs duration_ms) {
    return base::Deadline::after(platform_->clock(), duration_ms);
  }

  // "completed", "failed out_of_stock".
  std::string end_of(const std::string& order_id) {
    const auto order = shop().wait_for_end(order_id, within(60'000));
    if (!order.ok()) return std::string(order.status().message());
    const std::string reason = cli::text_at(*order, "/reason");
    return cli::text_at(*order, "/status") + (reason.empty() ? "" : " " + reason);
  }

 private:
  static inline std::unique_ptr<TestPlatform> platform_;
  static inline absl::Status started_;
  std::unique_ptr<cli::Shop> shop_;
};

// The text of a response's member, or what is wrong with the response.
inline std::string text_of(const absl::StatusOr<http::Response>& response, const char* pointer) {
  if (!response.ok()) return std::string(response.status().message());
  const auto body = json::parse(response->body);
  return body.ok() ? cli::text_at(*body, pointer) : "no JSON: " + response->body;
}

}  // namespace bookstore::integration
