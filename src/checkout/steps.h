#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/money.h"
#include "checkout/plan.h"
#include "checkout/request.h"
#include "contracts/methods.h"
#include "orders/order.h"

// The messages of each step: what a checkout asks and what an answer means to the plan.
namespace bookstore::checkout {

// What the checks learned, for the outcome.
struct Facts {
  std::string card_brand, card_last4, card_token;
  std::string fraud_verdict;  // approve, review, reject; empty without a score
  double fraud_score = 0;
  std::vector<std::string> fraud_reasons;
  std::string suggestions_json = "[]";
};

// What an order's messages are made of. References live as long as the checkout.
struct StepInput {
  const CheckoutRequest& request;
  const std::vector<orders::Line>& lines;
  const base::Money& total;
  std::string order_id;
  uint32_t attempt = 1;
  base::WallMs now_ms = 0;
};

contracts::common::OrderKey order_key(const StepInput& input, uint32_t restart);

contracts::verification::InitRequest verification_init(const StepInput& input, uint32_t restart);
contracts::verification::CheckCardRequest check_card(const StepInput& input, uint32_t restart);
contracts::suggestions::InitRequest suggestions_init(const StepInput& input, uint32_t restart);
contracts::payment::TokeniseRequest tokenise(const StepInput& input, uint32_t restart);
// `card` and `intent` are HMACs: fraud never sees a card number or a key.
contracts::fraud::InitRequest fraud_init(const StepInput& input, uint32_t restart, std::string card,
                                         std::string intent, std::string client_ip);

// What the executor gets: of a checkout, or of a row that was in review. References live as long
// as the call.
struct SubmitInput {
  const std::string& order_id;
  const std::vector<orders::Line>& lines;
  const base::Money& total;
  const std::string& card_token;
  orders::ShippingClass shipping_class = orders::ShippingClass::kStandard;
  std::string clock;
  base::WallMs accept_before_ms = 0;
};
contracts::executor::SubmitRequest submit_request(const SubmitInput& input);

StepResult read_billing(const contracts::verification::CheckReply& reply, Facts& facts);
StepResult read_card(const contracts::verification::CheckReply& reply, Facts& facts);
StepResult read_score(const contracts::fraud::ScoreOrderReply& reply, Facts& facts);
StepResult read_tokenise(const contracts::payment::TokeniseReply& reply, Facts& facts);
StepResult read_suggest(const contracts::suggestions::SuggestReply& reply, Facts& facts);
// A call without an answer.
StepResult read_failure(const absl::Status& status);

// Empty for the executor's "unknown".
std::optional<orders::State> state_of(contracts::executor::OrderState state);

}  // namespace bookstore::checkout
