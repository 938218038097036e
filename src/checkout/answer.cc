#include "checkout/answer.h"

#include "causality/vector_clock.h"
#include "json/json.h"
#include "json/problem.h"

namespace bookstore::checkout {
namespace {

// Most orders are executed within it; a client that waits with `Prefer: wait` need not guess.
constexpr int64_t kRetryAfterMs = 1'000;

json::Object money(const base::Money& money) {
  json::Object object;
  object["currency"] = money.currency;
  object["minor"] = money.minor;
  return object;
}

// The two axes beside the order's own state: where the money is and where the books are.
std::string_view payment_status(orders::State state) {
  switch (state) {
    case orders::State::kReceived:
    case orders::State::kInReview:
    case orders::State::kSubmitting:
    case orders::State::kAccepted:
      return "not_started";
    case orders::State::kExecuting:
    case orders::State::kNeedsAttention:
      return "in_progress";
    case orders::State::kCompleted:
      return "captured";
    case orders::State::kRejected:
    case orders::State::kFailed:
    case orders::State::kCanceled:
      return "not_charged";
  }
  return "not_started";
}

std::string_view fulfillment_status(orders::State state) {
  switch (state) {
    case orders::State::kExecuting:
    case orders::State::kNeedsAttention:
      return "in_progress";
    case orders::State::kCompleted:
      return "ready_to_ship";
    case orders::State::kRejected:
    case orders::State::kFailed:
    case orders::State::kCanceled:
      return "canceled";
    default:
      return "not_started";
  }
}

json::Object payment(const orders::Order& order) {
  json::Object object;
  object["status"] = payment_status(order.state);
  if (!order.card_brand.empty()) object["brand"] = order.card_brand;
  if (!order.card_last4.empty()) object["last4"] = order.card_last4;
  return object;
}

json::Array lines(const orders::Order& order) {
  json::Array array;
  for (const orders::Line& line : order.lines) {
    const base::Money unit{order.total.currency, line.unit_price_minor};
    json::Object object;
    object["book_id"] = line.book_id;
    object["title"] = line.title;
    object["quantity"] = line.quantity;
    object["unit_price"] = money(unit);
    object["total"] = money(base::multiply(unit, line.quantity).value_or(unit));
    array.push_back(std::move(object));
  }
  return array;
}

json::Object vector_clock(const std::string& wire) {
  json::Object object;
  if (const auto clock = causality::VectorClock::decode(wire)) {
    for (const auto& entry : *clock) object[entry.host()] = entry.count;
  }
  return object;
}

json::Array degraded(const orders::Order& order) {
  json::Array array;
  for (const std::string& service : order.degraded) array.push_back(json::Value(service));
  return array;
}

json::Value suggestions(const orders::Order& order) {
  auto parsed = json::parse(order.suggestions_json);
  return parsed.ok() && parsed->is_array() ? std::move(*parsed) : json::Value(json::Array());
}

void add_order_headers(Answer& answer, const base::OrderId& order_id, int64_t revision) {
  answer.headers.emplace_back("Location", order_path(order_id));
  answer.headers.emplace_back("ETag", order_etag(revision));
  answer.headers.emplace_back("Retry-After", json::retry_after_seconds(kRetryAfterMs));
}

}  // namespace

Answer problem_answer(const Problem& problem) {
  json::Problem rendered{problem.status,    problem.code,          problem.title,    problem.detail,
                         problem.instance,  problem.order_id,      problem.trace_id, {},
                         problem.retryable, problem.retry_after_ms};
  for (const FieldError& error : problem.errors) {
    rendered.errors.push_back({error.pointer, error.code, error.detail});
  }
  Answer answer{problem.status,
                {{"Content-Type", "application/problem+json"}},
                json::render_problem(rendered)};
  if (!problem.instance.empty()) answer.headers.emplace_back("Location", problem.instance);
  if (problem.retry_after_ms > 0) {
    answer.headers.emplace_back("Retry-After", json::retry_after_seconds(problem.retry_after_ms));
  }
  return answer;
}

std::string order_etag(int64_t revision) {
  return "\"" + std::to_string(revision) + "\"";
}

std::string order_path(const base::OrderId& order_id) {
  return "/v1/orders/" + order_id.value;
}

std::string order_body(const orders::Order& order) {
  json::Object body;
  body["id"] = order.id.value;
  body["version"] = order.revision;
  body["status"] = orders::to_text(order.state);
  if (!order.reason.empty()) body["reason"] = order.reason;
  body["created_at"] = base::format_rfc3339(order.created_at_ms);
  body["updated_at"] = base::format_rfc3339(order.updated_at_ms);
  body["payment"] = payment(order);
  body["fulfillment"] = {{"status", fulfillment_status(order.state)}};
  body["shipping_class"] = orders::to_text(order.shipping_class);
  body["totals"] = {{"grand", money(order.total)}};
  body["lines"] = lines(order);
  body["degraded"] = degraded(order);
  body["suggestions"] = suggestions(order);
  body["vector_clock"] = vector_clock(order.clock);
  body["links"] = {{"self", order_path(order.id)}};
  return json::write(body);
}

Answer order_answer(const orders::Order& order) {
  Answer answer{202, {{"Content-Type", "application/json"}}, order_body(order)};
  add_order_headers(answer, order.id, order.revision);
  return answer;
}

Answer stored_answer(int status, std::string body, const base::OrderId& order_id) {
  const bool is_order = status == 202;
  Answer answer{status,
                {{"Content-Type", is_order ? "application/json" : "application/problem+json"}},
                std::move(body)};
  if (!is_order) return answer;
  const auto parsed = json::parse(answer.body, {.bytes_max = answer.body.size()});
  const json::Value* version =
      parsed.ok() && parsed->is_object() ? parsed->get_object().if_contains("version") : nullptr;
  add_order_headers(answer, order_id,
                    version != nullptr && version->is_int64() ? version->get_int64() : 1);
  return answer;
}

}  // namespace bookstore::checkout
