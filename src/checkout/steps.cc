#include "checkout/steps.h"

#include "json/json.h"

namespace bookstore::checkout {
namespace {

using Kind = StepResult::Kind;

void fill_address(const orders::Address& from, contracts::common::Address& to) {
  to.set_line1(from.line1);
  to.set_line2(from.line2);
  to.set_city(from.city);
  to.set_region(from.region);
  to.set_postal_code(from.postal_code);
  to.set_country(from.country);
}

void fill_money(const base::Money& from, contracts::common::Money& to) {
  to.set_currency(from.currency);
  to.set_minor(from.minor);
}

template <class Message>
void fill_lines(const std::vector<orders::Line>& lines, Message& to) {
  for (const orders::Line& line : lines) {
    auto* added = to.add_lines();
    added->set_book_id(line.book_id);
    added->set_quantity(line.quantity);
  }
}

contracts::common::ShippingClass wire_class(orders::ShippingClass shipping_class) {
  switch (shipping_class) {
    case orders::ShippingClass::kExpress:
      return contracts::common::SHIPPING_CLASS_EXPRESS;
    case orders::ShippingClass::kStandard:
      return contracts::common::SHIPPING_CLASS_STANDARD;
    case orders::ShippingClass::kEconomy:
      return contracts::common::SHIPPING_CLASS_ECONOMY;
  }
  return contracts::common::SHIPPING_CLASS_UNSPECIFIED;
}

StepResult read_check(const contracts::verification::CheckReply& reply, std::string code) {
  StepResult result;
  if (reply.errors().empty()) return result;
  result.kind = Kind::kRefused;
  result.code = std::move(code);
  for (const auto& error : reply.errors()) {
    result.errors.push_back({error.pointer(), error.code(), error.detail()});
  }
  return result;
}

// Which field of the request the provider's refusal is about.
std::string refused_field(const std::string& refusal_code) {
  if (refusal_code.find("cvc") != std::string::npos) return "/card/cvc";
  if (refusal_code.find("expired") != std::string::npos) return "/card/expiry_month";
  return "/card/number";
}

}  // namespace

contracts::common::OrderKey order_key(const StepInput& input, uint32_t restart) {
  contracts::common::OrderKey key;
  key.set_order_id(input.order_id);
  key.set_attempt(input.attempt);
  key.set_restart(restart);
  return key;
}

contracts::verification::InitRequest verification_init(const StepInput& input, uint32_t restart) {
  contracts::verification::InitRequest message;
  *message.mutable_order() = order_key(input, restart);
  message.set_issued_at_ms(input.now_ms);
  message.set_customer_name(input.request.customer.name);
  message.set_customer_email(input.request.customer.email);
  fill_address(input.request.billing_address, *message.mutable_billing_address());
  return message;
}

contracts::verification::CheckCardRequest check_card(const StepInput& input, uint32_t restart) {
  const Card& card = input.request.card;
  contracts::verification::CheckCardRequest message;
  *message.mutable_order() = order_key(input, restart);
  message.set_number(card.number);
  message.set_expiry_month(card.expiry_month);
  message.set_expiry_year(card.expiry_year);
  message.set_cvc_length(static_cast<uint32_t>(card.cvc.size()));
  message.set_holder_name(card.holder_name);
  return message;
}

contracts::suggestions::InitRequest suggestions_init(const StepInput& input, uint32_t restart) {
  contracts::suggestions::InitRequest message;
  *message.mutable_order() = order_key(input, restart);
  message.set_issued_at_ms(input.now_ms);
  for (const orders::Line& line : input.lines) message.add_book_ids(line.book_id);
  return message;
}

contracts::payment::TokeniseRequest tokenise(const StepInput& input, uint32_t restart) {
  const Card& card = input.request.card;
  contracts::payment::TokeniseRequest message;
  *message.mutable_order() = order_key(input, restart);
  message.set_number(card.number);
  message.set_expiry_month(card.expiry_month);
  message.set_expiry_year(card.expiry_year);
  message.set_cvc(card.cvc);
  message.set_holder_name(card.holder_name);
  return message;
}

contracts::fraud::InitRequest fraud_init(const StepInput& input, uint32_t restart, std::string card,
                                         std::string intent, std::string client_ip) {
  contracts::fraud::InitRequest message;
  *message.mutable_order() = order_key(input, restart);
  message.set_issued_at_ms(input.now_ms);
  message.set_customer_name(input.request.customer.name);
  message.set_customer_email(input.request.customer.email);
  fill_address(input.request.billing_address, *message.mutable_billing_address());
  fill_money(input.total, *message.mutable_amount());
  fill_lines(input.lines, message);
  message.set_shipping_class(wire_class(input.request.shipping_class));
  message.set_card_fingerprint(std::move(card));
  message.set_card_bin(input.request.card.number.substr(0, 6));
  message.set_client_ip(std::move(client_ip));
  message.set_intent(std::move(intent));
  return message;
}

contracts::executor::SubmitRequest submit_request(const SubmitInput& input) {
  contracts::executor::SubmitRequest message;
  message.set_order_id(input.order_id);
  fill_lines(input.lines, message);
  fill_money(input.total, *message.mutable_amount());
  message.set_card_token(input.card_token);
  message.set_shipping_class(wire_class(input.shipping_class));
  message.set_clock(input.clock);
  message.set_accept_before_ms(input.accept_before_ms);
  return message;
}

StepResult read_billing(const contracts::verification::CheckReply& reply, Facts&) {
  return read_check(reply, "billing_invalid");
}

StepResult read_card(const contracts::verification::CheckReply& reply, Facts& facts) {
  facts.card_brand = reply.card_brand();
  return read_check(reply, "card_invalid");
}

StepResult read_score(const contracts::fraud::ScoreOrderReply& reply, Facts& facts) {
  StepResult result;
  if (reply.counters_degraded()) result.policies.push_back("fraud_counters_unavailable");
  switch (reply.verdict()) {
    case contracts::fraud::VERDICT_APPROVE:
      facts.fraud_verdict = "approve";
      break;
    case contracts::fraud::VERDICT_REVIEW:
      facts.fraud_verdict = "review";
      result.kind = Kind::kReview;
      break;
    case contracts::fraud::VERDICT_REJECT:
      facts.fraud_verdict = "reject";
      result.kind = Kind::kRefused;
      result.code = "order_declined";
      // Why is for the operator alone: it would teach the next try.
      result.errors = {{"", "order_declined", "The order cannot be accepted."}};
      break;
    default:
      result.kind = Kind::kUnavailable;
      return result;
  }
  facts.fraud_score = reply.score();
  facts.fraud_reasons.assign(reply.reasons().begin(), reply.reasons().end());
  return result;
}

StepResult read_tokenise(const contracts::payment::TokeniseReply& reply, Facts& facts) {
  if (!reply.token().empty()) {
    facts.card_token = reply.token();
    facts.card_brand = reply.brand();
    facts.card_last4 = reply.last4();
    return {};
  }
  const std::string why = reply.refusal_code().empty() ? "card_declined" : reply.refusal_code();
  StepResult result{Kind::kRefused, "card_declined"};
  result.errors = {{refused_field(why), why, "The card was refused by its bank."}};
  return result;
}

StepResult read_suggest(const contracts::suggestions::SuggestReply& reply, Facts& facts) {
  json::Array books;
  for (const auto& suggestion : reply.suggestions()) {
    json::Array authors;
    for (const std::string& author : suggestion.authors()) authors.emplace_back(author);
    json::Object book;
    book["book_id"] = suggestion.book_id();
    book["title"] = suggestion.title();
    book["authors"] = std::move(authors);
    book["score"] = suggestion.score();
    book["reason"] = suggestion.reason();
    books.push_back(std::move(book));
  }
  facts.suggestions_json = json::write(books);
  return {};
}

StepResult read_failure(const absl::Status& status) {
  // A checker says so when it has no state of this order and epoch, or no room for this epoch:
  // its own refusal code (unknown_order) or its ledger's (unknown_order, stale_epoch, stale_init).
  return {absl::IsFailedPrecondition(status) ? Kind::kLost : Kind::kUnavailable};
}

std::optional<orders::State> state_of(contracts::executor::OrderState state) {
  switch (state) {
    case contracts::executor::ORDER_STATE_ACCEPTED:
      return orders::State::kAccepted;
    case contracts::executor::ORDER_STATE_EXECUTING:
      return orders::State::kExecuting;
    case contracts::executor::ORDER_STATE_COMPLETED:
      return orders::State::kCompleted;
    case contracts::executor::ORDER_STATE_FAILED:
      return orders::State::kFailed;
    case contracts::executor::ORDER_STATE_NEEDS_ATTENTION:
      return orders::State::kNeedsAttention;
    case contracts::executor::ORDER_STATE_CANCELED:
      return orders::State::kCanceled;
    default:
      return std::nullopt;
  }
}

}  // namespace bookstore::checkout
