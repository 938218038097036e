#include "fraud_detection/scorer.h"

#include <algorithm>
#include <array>

namespace bookstore::fraud_detection {
namespace {

// A large order alone is a good customer: amount, quantity and items together stay below review.
// What rejects is a throw-away identity with something to gain, a reported card, or many attempts.
constexpr auto kRules = std::to_array<Rule>({
    {"high_amount", Feature::kAmount, 300, 0.10},
    {"high_amount", Feature::kAmount, 1'000, 0.18},
    {"high_amount", Feature::kAmount, 5'000, 0.24},
    {"many_of_one_title", Feature::kQuantityMax, 10, 0.05},
    {"many_of_one_title", Feature::kQuantityMax, 30, 0.12},
    {"many_of_one_title", Feature::kQuantityMax, 80, 0.15},
    {"many_items", Feature::kItems, 50, 0.05},
    {"many_items", Feature::kItems, 200, 0.08},
    {"disposable_email", Feature::kDisposableEmail, 1, 0.40},
    {"disposable_email_high_amount", Feature::kDisposableEmailAndHighAmount, 1, 0.60},
    {"express_high_amount", Feature::kExpressAndHighAmount, 1, 0.05},
    {"email_country_differs", Feature::kEmailCountryDiffers, 1, 0.10},
    {"card_country_differs", Feature::kCardCountryDiffers, 1, 0.30},
    {"foreign_currency", Feature::kCurrencyIsForeign, 1, 0.02},
    {"reported_card", Feature::kReportedCard, 1, 0.90},
    {"card_velocity", Feature::kCardAttempts10min, 5, 0.35},
    {"card_velocity", Feature::kCardAttempts10min, 10, 0.70},
    {"card_velocity", Feature::kCardAttempts24h, 40, 0.60},
    {"email_velocity", Feature::kEmailAttempts10min, 8, 0.30},
    {"email_velocity", Feature::kEmailAttempts10min, 20, 0.65},
    {"email_velocity", Feature::kEmailAttempts24h, 100, 0.55},
    {"ip_velocity", Feature::kIpAttempts10min, 30, 0.25},
    {"ip_velocity", Feature::kIpAttempts10min, 100, 0.60},
    {"many_cards_of_email", Feature::kCardsOfEmail, 3, 0.40},
    {"many_cards_of_email", Feature::kCardsOfEmail, 5, 0.75},
    {"many_emails_of_card", Feature::kEmailsOfCard, 3, 0.40},
    {"many_emails_of_card", Feature::kEmailsOfCard, 5, 0.75},
    {"many_cards_of_ip", Feature::kCardsOfIp, 5, 0.35},
    {"many_cards_of_ip", Feature::kCardsOfIp, 8, 0.60},
});

}  // namespace

std::span<const Rule> default_rules() {
  return kRules;
}

Score score(const Features& features, std::span<const Rule> rules, const Policy& policy) {
  std::vector<const Rule*> evidence;  // the heaviest of each code
  for (const Rule& rule : rules) {
    if (features[static_cast<size_t>(rule.feature)] < rule.at_least) continue;
    const auto same = std::find_if(evidence.begin(), evidence.end(),
                                   [&](const Rule* other) { return other->code == rule.code; });
    if (same == evidence.end()) {
      evidence.push_back(&rule);
    } else if ((*same)->weight < rule.weight) {
      *same = &rule;
    }
  }
  std::stable_sort(evidence.begin(), evidence.end(),
                   [](const Rule* a, const Rule* b) { return a->weight > b->weight; });
  Score score;
  double innocent = 1;
  for (const Rule* rule : evidence) {
    innocent *= 1 - rule->weight;
    score.reasons.push_back(rule->code);
  }
  score.value = 1 - innocent;
  if (score.value >= policy.reject_from) {
    score.verdict = Verdict::kReject;
  } else if (score.value >= policy.review_from) {
    score.verdict = Verdict::kReview;
  }
  return score;
}

}  // namespace bookstore::fraud_detection
