#include "orchestrator/admin_json.h"

#include "base/check.h"
#include "base/status.h"
#include "checkout/answer.h"
#include "checkout/steps.h"

namespace bookstore::orchestrator {
namespace {

namespace executor = contracts::executor;

json::Value time_or_null(const std::optional<base::WallMs>& at_ms) {
  if (!at_ms) return nullptr;
  return json::Value(base::format_rfc3339(*at_ms));
}

template <class Number>
json::Value number_or_null(const std::optional<Number>& number) {
  if (!number) return nullptr;
  return json::Value(*number);
}

json::Value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::Value(text);
}

json::Array texts(const std::vector<std::string>& all) {
  json::Array array;
  for (const std::string& text : all) array.emplace_back(text);
  return array;
}

json::Object address(const orders::Address& address) {
  return {{"line1", address.line1},     {"line2", address.line2},
          {"city", address.city},       {"region", address.region},
          {"country", address.country}, {"postal_code", address.postal_code}};
}

json::Value review(const orders::OperatorView& view) {
  if (!view.was_in_review) return nullptr;
  return json::Object{{"decide_until", time_or_null(view.review_until_ms)},
                      {"decided_at", time_or_null(view.reviewed_at_ms)},
                      {"decided_by", text_or_null(view.reviewed_by)},
                      {"note", text_or_null(view.review_note)}};
}

json::Object fraud(const orders::OperatorView& view) {
  return {{"verdict", text_or_null(view.fraud_verdict)},
          {"score", number_or_null(view.fraud_score)},
          {"reasons", texts(view.fraud_reasons)}};
}

std::string_view text_of(executor::OrderDecision decision) {
  switch (decision) {
    case executor::ORDER_DECISION_COMMIT:
      return "commit";
    case executor::ORDER_DECISION_ABORT:
      return "abort";
    default:
      return "none";
  }
}

std::string_view text_of(executor::OrderPark park) {
  switch (park) {
    case executor::ORDER_PARK_CONTRADICTION:
      return "contradiction";
    case executor::ORDER_PARK_CAPTURE_REFUSED:
      return "capture_refused";
    default:
      return "none";
  }
}

json::Value executor_json(const Described& described) {
  if (!described.ok()) return json::Object{{"error", base::describe(described.status())}};
  const auto state = checkout::state_of(described->order().state());
  if (!state) return nullptr;
  json::Object object;
  object["state"] = orders::to_text(*state);
  object["reason"] = text_or_null(described->order().reason());
  object["index"] = described->order().index();
  object["retired"] = described->retired();
  if (described->retired()) return object;
  object["decision"] = text_of(described->decision());
  object["parked_for"] = text_of(described->park());
  object["since"] = base::format_rfc3339(described->since_ms());
  object["queue_place"] = described->queue_place();
  object["queue_length"] = described->queue_length();
  object["waits_for"] = text_or_null(described->waits_for());
  object["asked"] = described->asked();
  object["tries"] = described->tries();
  object["next_try_in_ms"] = described->next_try_in_ms();
  object["inventory_paused"] = described->inventory_paused();
  object["payment_paused"] = described->payment_paused();
  object["retry_refusal"] = text_or_null(described->retry_refusal());
  object["abort_refusal"] = text_or_null(described->abort_refusal());
  return object;
}

json::Array actions(const orders::OperatorView& view, const Described& described) {
  json::Array possible;
  if (view.order.state == orders::State::kInReview) {
    possible.emplace_back("approve");
    possible.emplace_back("decline");
  }
  if (!described.ok() || described->retired() || !checkout::state_of(described->order().state())) {
    return possible;
  }
  if (described->retry_refusal().empty()) possible.emplace_back("retry");
  if (described->abort_refusal().empty()) possible.emplace_back("abort");
  return possible;
}

}  // namespace

json::Object operator_json(const orders::OperatorView& view, const Described& described) {
  const std::string shown = checkout::order_body(view.order);
  auto body = json::parse(shown, {.bytes_max = shown.size()});
  BOOKSTORE_CHECK(body.ok() && body->is_object(), "our own order is no JSON object");
  json::Object& object = body->get_object();
  object["operator"] =
      json::Object{{"customer", {{"name", view.customer.name}, {"email", view.customer.email}}},
                   {"billing_address", address(view.billing_address)},
                   {"attempt", view.attempt},
                   {"checked_attempt", number_or_null(view.checked_attempt)},
                   {"lease_left_ms", view.lease_left_ms},
                   {"fraud", fraud(view)},
                   {"policies", texts(view.policies)},
                   {"review", review(view)},
                   {"accept_before", time_or_null(view.accept_before_ms)},
                   {"answer_status", number_or_null(view.answer_status)},
                   {"key_expires_at", time_or_null(view.key_expires_at_ms)},
                   {"executor_index", view.executor_index},
                   {"executor", executor_json(described)},
                   {"actions", actions(view, described)}};
  return std::move(object);
}

json::Object listed_json(const orders::ListedOrder& order) {
  return {{"id", order.id.value},
          {"status", orders::to_text(order.state)},
          {"reason", text_or_null(order.reason)},
          {"version", order.revision},
          {"created_at", base::format_rfc3339(order.created_at_ms)},
          {"updated_at", base::format_rfc3339(order.updated_at_ms)},
          {"total", {{"currency", order.total.currency}, {"minor", order.total.minor}}},
          {"customer_name", order.customer_name},
          {"fraud_score", number_or_null(order.fraud_score)},
          {"decide_until", time_or_null(order.review_until_ms)}};
}

}  // namespace bookstore::orchestrator
