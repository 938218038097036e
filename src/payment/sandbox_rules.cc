#include "payment/sandbox_rules.h"

#include <algorithm>
#include <array>

#include "transaction_verification/card.h"

namespace bookstore::payment {
namespace {

constexpr std::string_view kTokenPrefix = "sbx_";
constexpr std::string_view kApproved = "approved";

struct TestCard {
  std::string_view number;
  std::string_view verdict;
};
constexpr std::array<TestCard, 4> kAtTokenise = {{{"4000000000000127", "incorrect_cvc"},
                                                  {"4000000000000101", "incorrect_cvc"},
                                                  {"4000000000000069", "expired_card"},
                                                  {"4000000000000119", "processing_error"}}};
constexpr std::array<TestCard, 4> kAtAuthorise = {{{"4000000000000002", "card_declined"},
                                                   {"4000000000009995", "insufficient_funds"},
                                                   {"4000000000009987", "lost_card"},
                                                   {"4000000000009979", "stolen_card"}}};

// Scenario cards: longer than payment waits for an answer, shorter than it waits for the call.
constexpr base::DurationMs kLateMs = 2'500;
constexpr base::DurationMs kLostMs = 200;
constexpr base::DurationMs kSilentMs = 120'000;
constexpr std::string_view kScenarioDigits = "40000099";

struct Scenario {
  std::string_view name;  // in the token
  std::array<Fault, 3> faults = {};
  size_t count = 0;
};
constexpr std::array<Scenario, 15> kScenarios = {{
    {"s01", {{{"authorise", "lost_before", 1, kLostMs}}}, 1},
    {"s02", {{{"authorise", "lost_after", 1, kLostMs}}}, 1},
    {"s03", {{{"authorise", "late", 1, kLateMs}}}, 1},
    {"s04", {{{"authorise", "slow", 1, kLateMs}}}, 1},
    {"s05", {{{"authorise", "twice"}, {"capture", "twice"}}}, 2},
    {"s06", {{{"any", "silent", 1, kSilentMs}}}, 1},
    {"s07", {{{"capture", "lost_before", 1, kLostMs}}}, 1},
    {"s08", {{{"capture", "lost_after", 1, kLostMs}}}, 1},
    {"s09", {{{"capture", "late", 1, kLateMs}}}, 1},
    {"s10", {{{"capture", "refused"}}}, 1},
    {"s11",
     {{{"capture", "refused"},
       {"cancel", "lost_after", 1, kLostMs},
       {"void", "lost_after", 1, kLostMs}}},
     3},
    {"s12", {{{"authorise", "other_amount"}}}, 1},
    {"s13", {{{"capture", "other_amount"}}}, 1},
    {"s14", {{{"authorise", "refused"}}}, 1},
    {"s15", {{{"authorise", "lost_after", 1, kLostMs}, {"lookup", "lost_before", 1, kLostMs}}}, 2},
}};

// The scenario that a card's number asks for; null for an honest card.
const Scenario* scenario_of(std::string_view number) {
  if (number.size() != 16 || !number.starts_with(kScenarioDigits)) return nullptr;
  const size_t scenario =
      static_cast<size_t>(number[8] - '0') * 10 + static_cast<size_t>(number[9] - '0');
  if (scenario < 1 || scenario > kScenarios.size()) return nullptr;
  return &kScenarios[scenario - 1];
}

template <size_t N>
std::string_view find(const std::array<TestCard, N>& cards, std::string_view number) {
  for (const TestCard& card : cards) {
    if (card.number == number) return card.verdict;
  }
  return {};
}

// The first thing that is wrong with the card as such; empty when it is valid.
std::string_view refusal_of(const transaction_verification::CardVerdict& verdict) {
  for (const auto& error : verdict.errors) {
    if (error.pointer == "/card/number") return "incorrect_number";
    if (error.pointer == "/card/cvc") return "incorrect_cvc";
    if (error.code == "expired") return "expired_card";
    if (error.pointer == "/card/name") return "invalid_holder_name";
    return "invalid_expiry";
  }
  return {};
}

// "card_declined" of "sbx_card_declined.01J…"; empty when it is no token of ours.
std::string_view name_in(std::string_view provider_token) {
  const size_t dot = provider_token.find('.');
  if (!provider_token.starts_with(kTokenPrefix) || dot == std::string_view::npos) return {};
  return provider_token.substr(kTokenPrefix.size(), dot - kTokenPrefix.size());
}

}  // namespace

TokeniseAnswer judge_card(const Card& card, std::string_view cvc, base::WallMs now_ms,
                          std::string_view token_suffix) {
  const auto verdict =
      transaction_verification::check_card({.number = card.number,
                                            .expiry_month = card.expiry_month,
                                            .expiry_year = card.expiry_year,
                                            .cvc_length = static_cast<uint32_t>(cvc.size()),
                                            .holder_name = card.holder_name},
                                           now_ms);
  TokeniseAnswer answer{.brand = std::string(verdict.brand)};
  std::string_view refusal = refusal_of(verdict);
  const bool digits =
      std::all_of(cvc.begin(), cvc.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (refusal.empty() && !digits) refusal = "incorrect_cvc";
  if (refusal.empty()) refusal = find(kAtTokenise, card.number);
  if (!refusal.empty()) {
    answer.refusal = refusal;
    return answer;
  }
  std::string_view later = find(kAtAuthorise, card.number);
  if (const Scenario* scenario = scenario_of(card.number)) later = scenario->name;
  answer.provider_token = std::string(kTokenPrefix) +
                          std::string(later.empty() ? kApproved : later) + "." +
                          std::string(token_suffix);
  return answer;
}

std::span<const Fault> faults_of(std::string_view provider_token) {
  const std::string_view name = name_in(provider_token);
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return std::span(scenario.faults).first(scenario.count);
  }
  return {};
}

std::string judge_token(std::string_view provider_token) {
  const std::string_view name = name_in(provider_token);
  if (name.empty()) return "unknown_token";
  return name == kApproved || !faults_of(provider_token).empty() ? "" : std::string(name);
}

}  // namespace bookstore::payment
