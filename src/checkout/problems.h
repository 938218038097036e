#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"

namespace bookstore::checkout {

// Every problem that a checkout can answer, one row a code: what openapi.json lists.
struct ProblemKind {
  std::string_view code;
  int status;
  std::string_view title;
  bool retryable;                   // the same request, with the same key, may succeed
  base::DurationMs retry_after_ms;  // 0: none is named
};

// The row of `code`; an unknown code is our own bug (CHECKed).
const ProblemKind& problem_kind(std::string_view code);
std::span<const ProblemKind> problem_kinds();

}  // namespace bookstore::checkout
