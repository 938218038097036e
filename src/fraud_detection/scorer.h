#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "fraud_detection/features.h"

namespace bookstore::fraud_detection {

// One piece of evidence: it holds when the feature is at least the threshold. Of the rules with
// the same code only the heaviest that holds counts, so codes have tiers.
struct Rule {
  std::string_view code;  // stable: the API and the console show it
  Feature feature;
  double at_least;
  double weight;  // in (0, 1): the suspicion that this evidence makes alone
};

enum class Verdict { kApprove, kReview, kReject };

struct Policy {
  double review_from = 0.5;
  double reject_from = 0.8;
};

struct Score {
  double value = 0;  // in [0, 1)
  Verdict verdict = Verdict::kApprove;
  std::vector<std::string_view> reasons;  // codes, strongest first
};

inline constexpr std::string_view kRulesVersion = "rules-1";
std::span<const Rule> default_rules();

// Independent evidence adds up: 1 − Π(1 − weight). More evidence never lowers the score, and none
// alone reaches 1.
Score score(const Features& features, std::span<const Rule> rules, const Policy& policy);

}  // namespace bookstore::fraud_detection
