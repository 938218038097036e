#include "orchestrator/checkout_route.h"

#include "checkout/request.h"
#include "json/json.h"
#include "orchestrator/preconditions.h"
#include "orchestrator/problems.h"

namespace bookstore::orchestrator {
namespace {

void refuse_body(http::Exchange& exchange, const checkout::BadRequest& bad) {
  std::vector<http::ProblemError> errors;
  for (const checkout::FieldError& error : bad.errors) {
    errors.push_back({error.pointer, error.code, error.detail});
  }
  refuse(exchange, bad.status == 400 ? "malformed_json" : "validation_failed", bad.detail,
         std::move(errors));
}

http::Response response_of(checkout::Answer answer) {
  http::Response response{.status = answer.status};
  for (auto& [name, value] : answer.headers) response.headers.add(name, std::move(value));
  response.body = std::move(answer.body);
  return response;
}

void checkout_order(const Ports& ports, const std::shared_ptr<http::Exchange>& exchange) {
  const http::Request& request = exchange->request();
  if (!is_json(request.header("Content-Type"))) {
    return refuse(*exchange, "unsupported_media_type");
  }
  std::string body = exchange->take_body();
  auto parsed = checkout::parse_request(body);
  json::wipe(body);
  if (const auto* bad = std::get_if<checkout::BadRequest>(&parsed)) {
    return refuse_body(*exchange, *bad);
  }
  ports.checkout(
      std::move(std::get<checkout::CheckoutRequest>(parsed)),
      {std::string(request.header("Idempotency-Key")), request.traceparent, request.remote_address},
      [exchange](checkout::Answer answer) { exchange->respond(response_of(std::move(answer))); });
}

}  // namespace

void add_checkout_route(http::Router& router, const Ports& ports) {
  router.add("POST", "/v1/checkout", [&ports](const std::shared_ptr<http::Exchange>& exchange) {
    checkout_order(ports, exchange);
  });
}

}  // namespace bookstore::orchestrator
