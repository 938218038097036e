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
  const std::string_view later = find(kAtAuthorise, card.number);
  answer.provider_token = std::string(kTokenPrefix) +
                          std::string(later.empty() ? kApproved : later) + "." +
                          std::string(token_suffix);
  return answer;
}

std::string judge_token(std::string_view provider_token) {
  const size_t dot = provider_token.find('.');
  if (!provider_token.starts_with(kTokenPrefix) || dot == std::string_view::npos) {
    return "unknown_token";
  }
  const std::string_view verdict =
      provider_token.substr(kTokenPrefix.size(), dot - kTokenPrefix.size());
  return verdict == kApproved ? "" : std::string(verdict);
}

}  // namespace bookstore::payment
