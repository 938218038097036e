#include "json/problem.h"

#include "json/json.h"

namespace bookstore::json {
namespace {

void put_text(Object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

}  // namespace

std::string problem_type(std::string_view code) {
  std::string type = "/problems/";
  for (const char c : code) type += c == '_' ? '-' : c;
  return type;
}

std::string render_problem(const Problem& problem) {
  Object body;
  body["type"] = problem_type(problem.code);
  body["title"] = problem.title;
  body["status"] = problem.status;
  body["code"] = problem.code;
  put_text(body, "detail", problem.detail);
  put_text(body, "instance", problem.instance);
  put_text(body, "order_id", problem.order_id);
  put_text(body, "trace_id", problem.trace_id);
  if (!problem.errors.empty()) {
    Array errors;
    for (const ProblemError& error : problem.errors) {
      Object item;
      item["pointer"] = error.pointer;
      item["code"] = error.code;
      put_text(item, "detail", error.detail);
      errors.push_back(std::move(item));
    }
    body["errors"] = std::move(errors);
  }
  body["retryable"] = problem.retryable;
  if (problem.retry_after_ms > 0) body["retry_after_ms"] = problem.retry_after_ms;
  return write(body);
}

std::string retry_after_seconds(int64_t retry_after_ms) {
  return std::to_string((retry_after_ms + 999) / 1000);
}

}  // namespace bookstore::json
