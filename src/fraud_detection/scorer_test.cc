#include "fraud_detection/scorer.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "fraud_detection/email_domain.h"

namespace bookstore::fraud_detection {
namespace {

Score judge(const Order& order, const VelocityCounts& velocity = {}) {
  return score(features_of(order, velocity), default_rules(), Policy{});
}

Order ordinary() {
  return {.email = "ada@example.com",
          .country = "DE",
          .currency = "EUR",
          .amount_minor = 4'280,
          .quantity_max = 2,
          .items = 3,
          .express = false,
          .card_bin = "453201"};
}

VelocityCounts once() {
  return {.card_10min = 1,
          .card_24h = 1,
          .email_10min = 1,
          .email_24h = 1,
          .ip_10min = 1,
          .cards_of_email = 1,
          .emails_of_card = 1,
          .cards_of_ip = 1};
}

TEST(Scorer, AnOrdinaryOrderHasNothingAgainstIt) {
  const Score score = judge(ordinary(), once());
  EXPECT_EQ(score.value, 0);
  EXPECT_EQ(score.verdict, Verdict::kApprove);
  EXPECT_TRUE(score.reasons.empty());
}

TEST(Scorer, NinetyNineCopiesByExpressForAThrowAwayMailboxAreRejected) {
  for (const int64_t price_minor : {499, 1'099, 2'599, 9'999}) {
    Order order = ordinary();
    order.email = "x@mailinator.com";
    order.quantity_max = order.items = 99;
    order.amount_minor = 99 * price_minor;
    order.express = true;
    const Score score = judge(order, once());
    EXPECT_EQ(score.verdict, Verdict::kReject) << price_minor << ": " << score.value;
    ASSERT_GE(score.reasons.size(), 2u);
    EXPECT_EQ(score.reasons[0], "disposable_email_high_amount");
    EXPECT_EQ(score.reasons[1], "disposable_email");
  }
}

TEST(Scorer, ALargeOrderAloneIsAGoodCustomer) {
  Order order = ordinary();
  order.quantity_max = 99;
  order.items = 9'900;
  order.amount_minor = 100'000'000;
  order.express = true;
  order.country = "US";
  const Score score = judge(order, once());
  EXPECT_EQ(score.verdict, Verdict::kApprove) << score.value;
}

TEST(Scorer, AThrowAwayMailboxWithLittleToGainIsApprovedAndWithMoreReviewed) {
  Order order = ordinary();
  order.email = "x@yopmail.com";
  EXPECT_EQ(judge(order, once()).verdict, Verdict::kApprove);
  order.amount_minor = 15'000;
  EXPECT_EQ(judge(order, once()).verdict, Verdict::kReview);
}

TEST(Scorer, AReportedCardIsRejected) {
  Order order = ordinary();
  order.card_bin = "410000";
  EXPECT_EQ(judge(order, once()).verdict, Verdict::kReject);
}

TEST(Scorer, ACardTestingBurstIsReviewedAndThenRejected) {
  VelocityCounts counts = once();
  counts.cards_of_email = 3;
  EXPECT_EQ(judge(ordinary(), counts).verdict, Verdict::kApprove);
  counts.email_10min = 8;
  EXPECT_EQ(judge(ordinary(), counts).verdict, Verdict::kReview);
  counts.cards_of_email = 8;
  counts.email_10min = 20;
  EXPECT_EQ(judge(ordinary(), counts).verdict, Verdict::kReject);
}

// Whatever the features: more of one never lowers the score, the score stays in [0, 1), reasons
// are different and strongest first, and nobody is held without two reasons or one grave one.
TEST(Scorer, MoreEvidenceNeverLowersTheScore) {
  base::SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    Features features{};
    for (double& feature : features) {
      if (random.below(2) == 0) feature = static_cast<double>(random.below(150));
    }
    const Score before = score(features, default_rules(), Policy{});
    ASSERT_GE(before.value, 0);
    ASSERT_LT(before.value, 1);
    ASSERT_EQ(std::set(before.reasons.begin(), before.reasons.end()).size(), before.reasons.size());
    features[random.below(features.size())] += static_cast<double>(1 + random.below(6'000));
    const Score after = score(features, default_rules(), Policy{});
    ASSERT_GE(after.value, before.value);
    ASSERT_GE(after.reasons.size(), before.reasons.size());
  }
}

TEST(Scorer, ReasonsAreStrongestFirstAndOneOfATierOnly) {
  constexpr Rule kRules[] = {
      {"weak", Feature::kItems, 1, 0.1},
      {"tier", Feature::kAmount, 10, 0.2},
      {"tier", Feature::kAmount, 100, 0.5},
  };
  Features features{};
  features[static_cast<size_t>(Feature::kItems)] = 1;
  features[static_cast<size_t>(Feature::kAmount)] = 100;
  const Score result = score(features, kRules, Policy{});
  EXPECT_EQ(result.reasons, (std::vector<std::string_view>{"tier", "weak"}));
  EXPECT_DOUBLE_EQ(result.value, 1 - 0.5 * 0.9);
}

TEST(Scorer, EveryRuleIsSaneAndReachable) {
  for (const Rule& rule : default_rules()) {
    EXPECT_GT(rule.weight, 0) << rule.code;
    EXPECT_LT(rule.weight, 1) << rule.code;
    Features features{};
    features[static_cast<size_t>(rule.feature)] = rule.at_least;
    const Score at = score(features, default_rules(), Policy{});
    ASSERT_EQ(at.reasons, std::vector<std::string_view>{rule.code});
    EXPECT_NEAR(at.value, rule.weight, 1e-12) << rule.code << ": a heavier tier hides it";
  }
}

TEST(EmailDomain, IsFoundAndClassified) {
  EXPECT_EQ(email_domain("Ada@Example.COM"), "example.com");
  EXPECT_EQ(email_domain("nobody"), "");
  EXPECT_EQ(classify_domain("mailinator.com"), DomainClass::kDisposable);
  EXPECT_EQ(classify_domain("x.y.mailinator.com"), DomainClass::kDisposable);
  EXPECT_EQ(classify_domain("notmailinator.com"), DomainClass::kOrdinary);
  EXPECT_EQ(classify_domain("example.com"), DomainClass::kOrdinary);
  EXPECT_EQ(classify_domain(""), DomainClass::kOrdinary);
  EXPECT_EQ(country_of_domain("example.co.uk"), "GB");
  EXPECT_EQ(country_of_domain("example.de"), "DE");
  EXPECT_EQ(country_of_domain("example.io"), "");
  EXPECT_EQ(country_of_domain("example.com"), "");
}

TEST(Address, SharedOnesAreNoEvidence) {
  for (const std::string_view ip :
       {"", "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.0.1",
        "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(shared_address(ip)) << ip;
  }
  for (const std::string_view ip :
       {"8.8.8.8", "172.15.0.1", "172.32.0.1", "198.51.100.7", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(shared_address(ip)) << ip;
  }
}

TEST(Features, TellCountriesApart) {
  const auto has = [](const Order& order, Feature feature) {
    return features_of(order, {})[static_cast<size_t>(feature)] == 1;
  };
  Order order = ordinary();
  order.email = "ana@example.com.br";
  EXPECT_TRUE(has(order, Feature::kEmailCountryDiffers));
  order.country = "BR";
  EXPECT_FALSE(has(order, Feature::kEmailCountryDiffers));
  EXPECT_TRUE(has(order, Feature::kCurrencyIsForeign));
  order.currency = "BRL";
  EXPECT_FALSE(has(order, Feature::kCurrencyIsForeign));
  order.card_bin = "606282";
  EXPECT_FALSE(has(order, Feature::kCardCountryDiffers));
  order.country = "DE";
  EXPECT_TRUE(has(order, Feature::kCardCountryDiffers));
}

}  // namespace
}  // namespace bookstore::fraud_detection
