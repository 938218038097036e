#include "http/problem.h"

namespace bookstore::http {

Response problem_response(Problem problem) {
  if (problem.title.empty()) problem.title = std::string(reason_phrase(problem.status));
  Response response{problem.status,
                    {{"Content-Type", "application/problem+json"}},
                    json::render_problem(problem)};
  if (problem.retry_after_ms > 0) {
    response.headers.set("Retry-After", json::retry_after_seconds(problem.retry_after_ms));
  }
  return response;
}

}  // namespace bookstore::http
