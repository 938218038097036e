#include "payment/sandbox_rules.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace bookstore::payment {
namespace {

constexpr base::WallMs kNowMs = 1'795'000'000'000;  // November 2026

TokeniseAnswer judge(std::string_view number, std::string_view cvc = "123", uint32_t month = 12,
                     uint32_t year = 2030) {
  return judge_card({number, month, year, "Ada Lovelace"}, cvc, kNowMs, "suffix");
}

TEST(SandboxRules, AnyOtherValidCardIsGood) {
  for (const char* number : {"4242424242424242", "5555555555554444", "2223003122003222",
                             "6011111111111117", "3566002020360505", "4111111111111111"}) {
    const auto answer = judge(number);
    EXPECT_EQ(answer.refusal, "") << number;
    EXPECT_EQ(judge_token(answer.provider_token), "") << number;
  }
  EXPECT_EQ(judge("378282246310005", "1234").refusal, "");
  EXPECT_EQ(judge("4242424242424242").brand, "visa");
}

TEST(SandboxRules, ThePublicTestNumbersRefuseWhereTheySay) {
  EXPECT_EQ(judge("4000000000000127").refusal, "incorrect_cvc");
  EXPECT_EQ(judge("4000000000000101").refusal, "incorrect_cvc");
  EXPECT_EQ(judge("4000000000000069").refusal, "expired_card");
  EXPECT_EQ(judge("4000000000000119").refusal, "processing_error");
  EXPECT_EQ(judge_token(judge("4000000000000002").provider_token), "card_declined");
  EXPECT_EQ(judge_token(judge("4000000000009995").provider_token), "insufficient_funds");
  EXPECT_EQ(judge_token(judge("4000000000009987").provider_token), "lost_card");
  EXPECT_EQ(judge_token(judge("4000000000009979").provider_token), "stolen_card");
}

TEST(SandboxRules, WhatIsNoCardIsRefusedAndLeavesNoToken) {
  EXPECT_EQ(judge("4242424242424241").refusal, "incorrect_number");
  EXPECT_EQ(judge("").refusal, "incorrect_number");
  EXPECT_EQ(judge("4242424242424242", "12").refusal, "incorrect_cvc");
  EXPECT_EQ(judge("4242424242424242", "12a").refusal, "incorrect_cvc");
  EXPECT_EQ(judge("4242424242424242", "123", 10, 2026).refusal, "expired_card");
  EXPECT_EQ(judge("4242424242424242", "123", 13, 2030).refusal, "invalid_expiry");
  EXPECT_EQ(judge("4242424242424241").provider_token, "");
}

TEST(SandboxRules, ATokenThatIsNotOursIsDeclined) {
  for (const char* token : {"", "sbx_", "sbx_approved", "tok_approved.x", "approved.x"}) {
    EXPECT_EQ(judge_token(token), "unknown_token") << token;
  }
}

}  // namespace
}  // namespace bookstore::payment
