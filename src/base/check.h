#pragma once

#include <string>

#include "absl/strings/str_cat.h"

// BOOKSTORE_CHECK(condition, context...) stops the process when our own code is wrong.
// It is never used for what a client, a disk or a network may do: those are values or absl::Status.
// The context is what the reader of a crash report needs: the values, not the rule.
// Always on, in release too: a wrong order is worse than a restarted process.
#define BOOKSTORE_CHECK(condition, ...)                                               \
  do {                                                                                \
    if (!(condition)) [[unlikely]]                                                    \
      ::bookstore::base::check_failed(__FILE__, __LINE__, #condition,                 \
                                      ::absl::StrCat("" __VA_OPT__(, ) __VA_ARGS__)); \
  } while (false)

namespace bookstore::base {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& context);

}  // namespace bookstore::base
