#include "tests/conformance/raft/comparison.h"

#include <array>
#include <sstream>
#include <string_view>

namespace bookstore::raft_conformance {
namespace {

bool is_log_line(std::string_view line) {
  const size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return false;
  line.remove_prefix(start);
  constexpr std::array<std::string_view, 5> kLevels = {"DEBUG ", "INFO ", "WARN ", "ERROR ",
                                                       "FATAL "};
  for (const std::string_view level : kLevels) {
    if (line.starts_with(level)) return true;
  }
  return false;
}

}  // namespace

std::string without_log_lines(const std::string& output) {
  std::istringstream in(output);
  std::string kept;
  for (std::string line; std::getline(in, line);) {
    if (!is_log_line(line)) kept += line + "\n";
  }
  // "ok" stands for no output at all: what logged and did nothing else is that too.
  return kept.empty() ? "ok\n" : kept;
}

std::string last_line(const std::string& output) {
  std::istringstream in(output);
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) last = line;
  }
  return last + "\n";
}

std::string first_difference(const std::string& expected, const std::string& got) {
  std::istringstream left(expected);
  std::istringstream right(got);
  for (int number = 1;; ++number) {
    std::string a;
    std::string b;
    const bool more_left = static_cast<bool>(std::getline(left, a));
    const bool more_right = static_cast<bool>(std::getline(right, b));
    if (!more_left && !more_right) return {};
    if (more_left == more_right && a == b) continue;
    return "line " + std::to_string(number) + ": expected " +
           (more_left ? "'" + a + "'" : "no more") + ", got " +
           (more_right ? "'" + b + "'" : "no more");
  }
}

}  // namespace bookstore::raft_conformance
