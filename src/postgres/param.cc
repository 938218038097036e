#include "postgres/param.h"

#include <charconv>

#include "base/bytes.h"

namespace bookstore::postgres {
namespace {

std::string real_text(double value) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;  // shortest exact form
  return std::string(buffer, end);
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

template <class Values, class Append>
std::string array_text(const Values& values, Append append) {
  std::string out = "{";
  for (const auto& value : values) {
    if (out.size() > 1) out += ',';
    append(out, value);
  }
  return out += '}';
}

}  // namespace

Param::Param(double value) : text_(real_text(value)) {}

Param::Param(const std::vector<int64_t>& values)
    : text_(array_text(values, [](std::string& out, int64_t v) { out += std::to_string(v); })) {}

Param::Param(const std::vector<std::string>& values) : text_(array_text(values, append_quoted)) {}

Param::Param(const std::vector<std::string_view>& values)
    : text_(array_text(values, append_quoted)) {}

Param::Param(const std::vector<double>& values)
    : text_(array_text(values, [](std::string& out, double v) { out += real_text(v); })) {}

Param::Param(const std::vector<Bytes>& values)
    : text_(array_text(values, [](std::string& out, const Bytes& v) {
        out += "\"\\\\x" + base::to_hex(v.value) + '"';
      })) {}

}  // namespace bookstore::postgres
