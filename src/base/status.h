#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The outside world failing is an absl::Status. Debian 12's absl has its own string_view;
// view() and str() convert at the seam so that the rest of the code uses std types alone.

#define BOOKSTORE_RETURN_IF_ERROR(expression)                                 \
  do {                                                                        \
    if (::absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define BOOKSTORE_CONCAT_INNER(a, b) a##b
#define BOOKSTORE_CONCAT(a, b) BOOKSTORE_CONCAT_INNER(a, b)
#define BOOKSTORE_ASSIGN_OR_RETURN(lhs, expression) \
  BOOKSTORE_ASSIGN_OR_RETURN_INNER(BOOKSTORE_CONCAT(status_or_, __LINE__), lhs, expression)
#define BOOKSTORE_ASSIGN_OR_RETURN_INNER(temporary, lhs, expression) \
  auto temporary = (expression);                                     \
  if (!temporary.ok()) return temporary.status();                    \
  lhs = std::move(temporary).value()

namespace bookstore::base {

inline std::string str(absl::string_view text) {
  return std::string(text.data(), text.size());
}
inline std::string_view view(absl::string_view text) {
  return {text.data(), text.size()};
}
inline absl::string_view absl_view(std::string_view text) {
  return {text.data(), text.size()};
}

// "UNAVAILABLE: connection refused": the form that log lines and error sentences use.
std::string describe(const absl::Status& status);

// The same code with "<context>: " before the message.
absl::Status annotate(const absl::Status& status, std::string_view context);

}  // namespace bookstore::base
