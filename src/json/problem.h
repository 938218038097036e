#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bookstore::json {

// One wrong part of a request. Never carries the value.
struct ProblemError {
  std::string pointer;  // RFC 6901 into the body; "header:Idempotency-Key", "query:limit" elsewhere
  std::string code;     // stable, snake_case
  std::string detail;   // one sentence for a person; may be empty
};

// The body of an error, RFC 9457. `code` is the stable name that programs compare; `type` is made
// of it. Empty optional fields are left out.
struct Problem {
  int status = 500;
  std::string code;
  std::string title;     // one per code
  std::string detail;    // of this occurrence
  std::string instance;  // the resource the problem is about: "/v1/orders/ord_…"
  std::string order_id;
  std::string trace_id;
  std::vector<ProblemError> errors;
  bool retryable = false;
  int64_t retry_after_ms = 0;  // 0: none is named
};

// "/problems/order-declined" of "order_declined": a reference, so it names the server it came from.
std::string problem_type(std::string_view code);

std::string render_problem(const Problem& problem);

// The header's whole seconds, rounded up: a client that comes back then is not early.
std::string retry_after_seconds(int64_t retry_after_ms);

}  // namespace bookstore::json
