#include "orchestrator/admin_routes.h"

#include <utility>

#include "base/status.h"
#include "checkout/answer.h"
#include "checkout/body_reader.h"
#include "json/json.h"
#include "orchestrator/admin_json.h"
#include "orchestrator/preconditions.h"
#include "orchestrator/problems.h"
#include "telemetry/log.h"

namespace bookstore::orchestrator {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;
using checkout::ReviewVerdict;
using executor_client::AdminResult;

constexpr int64_t kPageDefault = 50;
constexpr int64_t kPageMax = 100;
constexpr size_t kReasonMax = 500;
constexpr size_t kNameMax = 100;

base::Deadline soon(const Ports& ports) {
  return base::Deadline::after(*ports.clock, ports.admin_ms);
}

bool on_database(const Ports& ports, const ExchangePtr& exchange, std::function<void()> work) {
  const bool taken = ports.database->try_submit(std::move(work));
  if (!taken) refuse(*exchange, "overloaded");
  return taken;
}

void refuse_read(http::Exchange& exchange, const absl::Status& status) {
  telemetry::log(telemetry::Level::kWarning, "admin_read_failed",
                 {{"path", exchange.request().path}, {"error", base::describe(status)}});
  refuse(exchange, "database_unavailable");
}

// --- Reading -------------------------------------------------------------------------------------

void answer_order(const ExchangePtr& exchange, const orders::OperatorView& view,
                  const Described& described) {
  http::Response response = http::json_response(200, operator_json(view, described));
  response.headers.set("ETag", checkout::order_etag(view.order.revision));
  response.headers.set("Cache-Control", "no-store");
  exchange->respond(std::move(response));
}

// The order as row and executor have it now. Any thread.
void show(const Ports& ports, const ExchangePtr& exchange, const base::OrderId& order_id) {
  on_database(ports, exchange, [&ports, exchange, order_id] {
    auto view = ports.read_operator_view(order_id, soon(ports));
    if (absl::IsNotFound(view.status())) return refuse(*exchange, "no_such_order");
    if (!view.ok()) return refuse_read(*exchange, view.status());
    ports.describe_order(order_id, soon(ports),
                         [exchange, view = std::move(*view)](const Described& described) {
                           answer_order(exchange, view, described);
                         });
  });
}

// Empty: the query is wrong and has been refused.
std::optional<orders::ListQuery> read_query(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  orders::ListQuery query{.state = std::nullopt, .after = "", .limit = kPageDefault};
  std::vector<http::ProblemError> errors;
  if (const auto state = request.query_value("state")) {
    query.state = orders::state_from_text(*state);
    if (!query.state) errors.push_back({"query:state", "unknown", "It is a state of orders."});
  }
  if (const auto cursor = request.query_value("cursor")) {
    const auto id = base::parse_order_id(*cursor);
    if (!id) errors.push_back({"query:cursor", "invalid", "Take it from next_cursor of a page."});
    if (id) query.after = id->value;
  }
  if (const auto limit = request.query_value("limit")) {
    const auto number = parse_number(*limit, 1, kPageMax);
    if (!number) errors.push_back({"query:limit", "out_of_range", "From 1 to 100."});
    if (number) query.limit = static_cast<size_t>(*number);
  }
  if (errors.empty()) return query;
  refuse(exchange, "invalid_parameter", "", std::move(errors));
  return std::nullopt;
}

void list(const Ports& ports, const ExchangePtr& exchange, orders::ListQuery query) {
  const size_t page = query.limit++;  // one more tells whether there is another page
  auto orders = ports.list_orders(query, soon(ports));
  if (!orders.ok()) return refuse_read(*exchange, orders.status());
  const bool more = orders->size() > page;
  if (more) orders->pop_back();
  json::Array items;
  for (const orders::ListedOrder& order : *orders) items.push_back(listed_json(order));
  json::Object body;
  body["items"] = std::move(items);
  body["next_cursor"] = more ? json::Value(orders->back().id.value) : json::Value(nullptr);
  http::Response response = http::json_response(200, body);
  response.headers.set("Cache-Control", "no-store");
  exchange->respond(std::move(response));
}

// --- Acting --------------------------------------------------------------------------------------

// What an operator says with an action.
struct Said {
  std::string reason;
  std::string by = "operator";
  std::optional<int64_t> revision;  // If-Match
};

void log_action(std::string_view action, const base::OrderId& order_id, const Said& said,
                std::string_view outcome) {
  telemetry::log(telemetry::Level::kInfo, "operator_action",
                 {{"action", std::string(action)},
                  {"order_id", order_id.value},
                  {"by", said.by},
                  {"reason", said.reason},
                  {"outcome", std::string(outcome)}});
}

// The revision that If-Match names; 0 when it names none that can be.
int64_t named_revision(std::string_view if_match) {
  if (if_match.size() < 3 || if_match.front() != '"' || if_match.back() != '"') return 0;
  return parse_number(if_match.substr(1, if_match.size() - 2), 1, INT64_MAX).value_or(0);
}

// Empty: something is wrong and has been refused.
std::optional<Said> read_said(http::Exchange& exchange) {
  Said said;
  if (const auto if_match = exchange.request().header("If-Match");
      !if_match.empty() && if_match != "*") {
    said.revision = named_revision(if_match);
  }
  const std::string body = exchange.take_body();
  if (body.empty()) return said;
  if (!is_json(exchange.request().header("Content-Type"))) {
    refuse(exchange, "unsupported_media_type");
    return std::nullopt;
  }
  const auto document = json::parse(body);
  if (!document.ok()) {
    refuse(exchange, "malformed_json", base::str(document.status().message()));
    return std::nullopt;
  }
  std::vector<checkout::FieldError> errors;
  if (document->is_object()) {
    checkout::ObjectReader reader(document->get_object(), "", errors);
    said.reason = reader.optional_text("reason", kReasonMax);
    if (reader.has("by")) said.by = reader.text("by", kNameMax);
    reader.refuse_unknown();
  } else {
    errors.push_back({"", "wrong_type", "An object is needed."});
  }
  if (errors.empty()) return said;
  std::vector<http::ProblemError> refused;
  for (auto& error : errors) refused.push_back({error.pointer, error.code, error.detail});
  refuse(exchange, "validation_failed", "", std::move(refused));
  return std::nullopt;
}

void answer_review(const Ports& ports, const ExchangePtr& exchange, const base::OrderId& order_id,
                   const absl::StatusOr<ReviewVerdict>& verdict) {
  if (absl::IsResourceExhausted(verdict.status())) return refuse(*exchange, "overloaded");
  if (!verdict.ok()) return refuse(*exchange, "outcome_unknown", "Look at the order again.");
  switch (*verdict) {
    case ReviewVerdict::kDecided:
      return show(ports, exchange, order_id);
    case ReviewVerdict::kNoSuchOrder:
      return refuse(*exchange, "no_such_order");
    case ReviewVerdict::kNotInReview:
      return refuse(*exchange, "not_in_review");
    case ReviewVerdict::kStale:
      return refuse(*exchange, "revision_mismatch");
  }
}

void review(const Ports& ports, const ExchangePtr& exchange, const base::OrderId& order_id,
            const Said& said, bool approve) {
  ports.review({.order_id = order_id,
                .approve = approve,
                .revision = said.revision,
                .by = said.by,
                .note = said.reason},
               [&ports, exchange, order_id, said, approve](auto verdict) {
                 const bool decided = verdict.ok() && *verdict == ReviewVerdict::kDecided;
                 log_action(approve ? "approve" : "decline", order_id, said,
                            decided ? "done" : "not_done");
                 answer_review(ports, exchange, order_id, verdict);
               });
}

void answer_executor(const Ports& ports, const ExchangePtr& exchange, const base::OrderId& order_id,
                     const absl::StatusOr<AdminResult>& result) {
  if (absl::IsUnavailable(result.status())) return refuse(*exchange, "no_leader");
  if (!result.ok()) return refuse(*exchange, "outcome_unknown", "Look at the order again.");
  switch (result->kind) {
    case AdminResult::Kind::kDone:
      return show(ports, exchange, order_id);
    case AdminResult::Kind::kRefused:
      return refuse(*exchange, "action_refused", result->sentence,
                    {{"", result->code, result->sentence}});
    case AdminResult::Kind::kUnknownOrder:
      return refuse(*exchange, "action_refused", "The executor does not have this order.",
                    {{"", "unknown_order", "An order in review is approved or declined."}});
  }
}

// What the executor does with an order; 404 before it is asked about one that is none.
void command(const Ports& ports, const ExchangePtr& exchange, const base::OrderId& order_id,
             const Said& said, std::string_view action, const Ports::ExecutorCommand& ask) {
  on_database(ports, exchange, [&ports, exchange, order_id, said, action, &ask] {
    const auto order = ports.read_order(order_id, soon(ports));
    if (absl::IsNotFound(order.status())) return refuse(*exchange, "no_such_order");
    if (!order.ok()) return refuse_read(*exchange, order.status());
    ask(order_id, exchange->request().traceparent, soon(ports),
        [&ports, exchange, order_id, said, action](absl::StatusOr<AdminResult> result) {
          const bool done = result.ok() && result->kind == AdminResult::Kind::kDone;
          log_action(action, order_id, said,
                     done ? "done" : (result.ok() ? result->code : "not_done"));
          answer_executor(ports, exchange, order_id, result);
        });
  });
}

// --- The door ------------------------------------------------------------------------------------

void refuse_stranger(http::Exchange& exchange, AdminToken::Verdict verdict) {
  const bool missing = verdict == AdminToken::Verdict::kMissing;
  http::Response response = refusal(exchange, missing ? "token_missing" : "token_wrong");
  if (missing) response.headers.set("WWW-Authenticate", "Bearer realm=\"bookstore operators\"");
  exchange.respond(std::move(response));
}

// `handler` for those who show the token.
http::Handler guarded(const Ports& ports, http::Handler handler) {
  return [token = ports.admin_token, handler = std::move(handler)](const ExchangePtr& exchange) {
    const auto verdict = token->judge(exchange->request().header("Authorization"));
    if (verdict != AdminToken::Verdict::kWelcome) return refuse_stranger(*exchange, verdict);
    handler(exchange);
  };
}

using OrderHandler = std::function<void(const ExchangePtr&, const base::OrderId&)>;

http::Handler of_order(const Ports& ports, OrderHandler handler) {
  return guarded(ports, [handler = std::move(handler)](const ExchangePtr& exchange) {
    const auto order_id = base::parse_order_id(exchange->request().path_param("id"));
    if (!order_id) return refuse(*exchange, "no_such_order");
    handler(exchange, *order_id);
  });
}

using ActionHandler = std::function<void(const ExchangePtr&, const base::OrderId&, const Said&)>;

void add_action(http::Router& router, const Ports& ports, const std::string& action,
                ActionHandler handler) {
  router.add("POST", "/admin/v1/orders/{id}/" + action,
             of_order(ports, [handler = std::move(handler)](const ExchangePtr& exchange,
                                                            const base::OrderId& order_id) {
               if (const auto said = read_said(*exchange)) handler(exchange, order_id, *said);
             }));
}

void add_review(http::Router& router, const Ports& ports, const std::string& action, bool approve) {
  add_action(
      router, ports, action,
      [&ports, approve](const ExchangePtr& exchange, const base::OrderId& order_id,
                        const Said& said) { review(ports, exchange, order_id, said, approve); });
}

}  // namespace

void add_admin_routes(http::Router& router, const Ports& ports) {
  if (ports.admin_token == nullptr) return;
  router.add("GET", "/admin/v1/orders", guarded(ports, [&ports](const ExchangePtr& exchange) {
               const auto query = read_query(*exchange);
               if (!query) return;
               on_database(ports, exchange,
                           [&ports, exchange, query = *query] { list(ports, exchange, query); });
             }));
  router.add("GET", "/admin/v1/orders/{id}",
             of_order(ports, [&ports](const ExchangePtr& exchange, const base::OrderId& order_id) {
               show(ports, exchange, order_id);
             }));
  add_review(router, ports, "approve", true);
  add_review(router, ports, "decline", false);
  add_action(
      router, ports, "retry",
      [&ports](const ExchangePtr& exchange, const base::OrderId& order_id, const Said& said) {
        command(ports, exchange, order_id, said, "retry", ports.retry_order);
      });
  add_action(
      router, ports, "abort",
      [&ports](const ExchangePtr& exchange, const base::OrderId& order_id, const Said& said) {
        if (said.reason.empty()) {
          return refuse(*exchange, "validation_failed", "",
                        {{"/reason", "required", "Why the order is given up."}});
        }
        command(ports, exchange, order_id, said, "abort", ports.abort_order);
      });
}

}  // namespace bookstore::orchestrator
