#include "process/health_routes.h"

#include "json/json.h"

namespace bookstore::process {
namespace {

http::Response readiness_response(const Readiness::Report& report) {
  json::Array checks;
  for (const Readiness::Check& check : report.checks) {
    json::Object item;
    item["name"] = check.name;
    item["ready"] = check.reason.empty();
    item["required"] = check.required;
    if (!check.reason.empty()) item["reason"] = check.reason;
    checks.push_back(std::move(item));
  }
  json::Object body;
  body["ready"] = report.ready;
  body["checks"] = std::move(checks);
  return http::json_response(report.ready ? 200 : 503, body);
}

}  // namespace

void add_health_routes(http::Router& router, const Readiness& readiness,
                       telemetry::Registry& metrics) {
  router.add("GET", "/healthz", [](const std::shared_ptr<http::Exchange>& exchange) {
    json::Object body;
    body["status"] = "ok";
    exchange->respond(http::json_response(200, body));
  });
  router.add("GET", "/readyz", [&readiness](const std::shared_ptr<http::Exchange>& exchange) {
    exchange->respond(readiness_response(readiness.report()));
  });
  router.add("GET", "/metrics", [&metrics](const std::shared_ptr<http::Exchange>& exchange) {
    exchange->respond(
        http::text_response(200, metrics.render(), "text/plain; version=0.0.4; charset=utf-8"));
  });
}

}  // namespace bookstore::process
