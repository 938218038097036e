#include "telemetry/trace.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace bookstore::telemetry {
namespace {

constexpr size_t kTraceIdOffset = 3, kTraceIdLength = 32;
constexpr size_t kSpanIdOffset = 36, kSpanIdLength = 16;
constexpr size_t kLength = 55;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// Never the all-zero id, which means "absent".
std::string random_id(base::Random& random) {
  uint64_t id = 0;
  while (id == 0) id = random.next();
  return absl::StrFormat("%016x", id);
}

}  // namespace

bool valid_traceparent(std::string_view text) {
  return text.size() == kLength && text.substr(0, kTraceIdOffset) == "00-" &&
         is_id(text.substr(kTraceIdOffset, kTraceIdLength)) && text[kSpanIdOffset - 1] == '-' &&
         is_id(text.substr(kSpanIdOffset, kSpanIdLength)) &&
         text[kSpanIdOffset + kSpanIdLength] == '-' && is_hex(text.substr(kLength - 2));
}

std::string make_traceparent(base::Random& random) {
  const std::string high = random_id(random), low = random_id(random), span = random_id(random);
  return absl::StrCat("00-", high, low, "-", span, "-01");
}

std::string child_traceparent(std::string_view parent, base::Random& random) {
  if (!valid_traceparent(parent)) return make_traceparent(random);
  std::string child(parent);
  child.replace(kSpanIdOffset, kSpanIdLength, random_id(random));
  return child;
}

std::string trace_id(std::string_view traceparent) {
  if (!valid_traceparent(traceparent)) return "";
  return std::string(traceparent.substr(kTraceIdOffset, kTraceIdLength));
}

}  // namespace bookstore::telemetry
