#include "http/problem.h"

#include <algorithm>

#include "json/json.h"

namespace bookstore::http {
namespace {

void put_text(json::Object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

}  // namespace

std::string problem_type(std::string_view code) {
  std::string type = "/problems/";
  for (const char c : code) type += c == '_' ? '-' : c;
  return type;
}

std::string render_problem(const Problem& problem) {
  json::Object body;
  body["type"] = problem_type(problem.code);
  body["title"] =
      problem.title.empty() ? std::string(reason_phrase(problem.status)) : problem.title;
  body["status"] = problem.status;
  body["code"] = problem.code;
  put_text(body, "detail", problem.detail);
  put_text(body, "instance", problem.instance);
  put_text(body, "order_id", problem.order_id);
  put_text(body, "trace_id", problem.trace_id);
  if (!problem.errors.empty()) {
    json::Array errors;
    for (const ProblemError& error : problem.errors) {
      json::Object item;
      item["pointer"] = error.pointer;
      item["code"] = error.code;
      put_text(item, "detail", error.detail);
      errors.push_back(std::move(item));
    }
    body["errors"] = std::move(errors);
  }
  body["retryable"] = problem.retryable;
  if (problem.retry_after_ms > 0) body["retry_after_ms"] = problem.retry_after_ms;
  return json::write(body);
}

Response problem_response(const Problem& problem) {
  Response response{
      problem.status, {{"Content-Type", "application/problem+json"}}, render_problem(problem)};
  if (problem.retry_after_ms > 0) {
    response.headers.set("Retry-After", std::to_string((problem.retry_after_ms + 999) / 1000));
  }
  return response;
}

}  // namespace bookstore::http
