#include "orchestrator/preconditions.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace bookstore::orchestrator {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view opaque(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// The next element of a comma-separated list; takes it off `list`.
std::string_view next_element(std::string_view& list) {
  const size_t comma = std::min(list.find(','), list.size());
  const std::string_view element = trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

}  // namespace

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  if (trim(if_none_match) == "*") return true;
  while (!if_none_match.empty()) {
    // None of our tags holds a comma, so splitting at commas cannot make one of them up.
    if (opaque(next_element(if_none_match)) == opaque(etag)) return true;
  }
  return false;
}

std::optional<base::DurationMs> preferred_wait_ms(const http::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, "prefer")) continue;
    std::string_view preferences = value;
    while (!preferences.empty()) {
      const std::string_view preference = next_element(preferences);
      const size_t equals = preference.find('=');
      if (equals == std::string_view::npos) continue;
      if (!equal_ignoring_case(trim(preference.substr(0, equals)), "wait")) continue;
      const auto seconds =
          parse_number(trim(preference.substr(equals + 1)), 0, std::numeric_limits<int32_t>::max());
      if (seconds) return std::min<base::DurationMs>(*seconds * 1'000, kWaitMaxMs);
    }
  }
  return std::nullopt;
}

bool is_json(std::string_view content_type) {
  return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                             "application/json");
}

std::optional<int64_t> parse_number(std::string_view text, int64_t min, int64_t max) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < min || number > max) return std::nullopt;
  return number;
}

http::Response conditional(const http::Request& request, std::string etag,
                           http::Response response) {
  if (names_etag(request.header("If-None-Match"), etag)) response = {.status = 304};
  response.headers.set("ETag", std::move(etag));
  response.headers.set("Cache-Control", "no-cache");  // keep it, but ask each time
  return response;
}

}  // namespace bookstore::orchestrator
