#include "orchestrator/problems.h"

#include "telemetry/trace.h"

namespace bookstore::orchestrator {
namespace {

constexpr checkout::ProblemKind kKinds[] = {
    {"malformed_json", 400, "The body is not usable JSON", false, 0},
    {"invalid_parameter", 400, "A parameter is not valid", false, 0},
    {"unsupported_media_type", 415, "The body must be application/json", false, 0},
    {"no_such_order", 404, "There is no such order", false, 0},
    {"no_such_book", 404, "There is no such book", false, 0},
    {"token_missing", 401, "An operator's token is needed", false, 0},
    {"token_wrong", 403, "The token is not the operators' one", false, 0},
    {"not_in_review", 409, "The order is not in review (any more)", false, 0},
    {"revision_mismatch", 412, "The order has changed meanwhile", false, 0},
    {"action_refused", 409, "The order is not in a state for this", false, 0},
};

const checkout::ProblemKind& kind_of(std::string_view code) {
  for (const checkout::ProblemKind& kind : kKinds) {
    if (kind.code == code) return kind;
  }
  return checkout::problem_kind(code);
}

}  // namespace

std::span<const checkout::ProblemKind> route_problems() {
  return kKinds;
}

http::Response refusal(const http::Exchange& exchange, std::string_view code, std::string detail,
                       std::vector<http::ProblemError> errors) {
  const checkout::ProblemKind& kind = kind_of(code);
  http::Problem problem;
  problem.status = kind.status;
  problem.code = std::string(code);
  problem.title = std::string(kind.title);
  problem.detail = std::move(detail);
  problem.trace_id = telemetry::trace_id(exchange.request().traceparent);
  problem.errors = std::move(errors);
  problem.retryable = kind.retryable;
  problem.retry_after_ms = kind.retry_after_ms;
  return http::problem_response(std::move(problem));
}

void refuse(http::Exchange& exchange, std::string_view code, std::string detail,
            std::vector<http::ProblemError> errors) {
  exchange.respond(refusal(exchange, code, std::move(detail), std::move(errors)));
}

}  // namespace bookstore::orchestrator
