#include "http/router.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace bookstore::http {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);  // the leading '/'
  for (;;) {
    const size_t end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_param(const std::string& segment) {
  return segment.size() > 2 && segment[0] == '{';
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const std::string& want, const std::string& have) {
                      return is_param(want) ? !have.empty() : want == have;
                    });
}

// Of two patterns that fit the same path the one with a literal in the earlier place.
bool more_literal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (is_param(a[i]) != is_param(b[i])) return is_param(b[i]);
  }
  return false;
}

std::string allow_of(std::set<std::string> methods) {
  if (methods.contains("GET")) methods.insert("HEAD");
  methods.insert("OPTIONS");
  std::string allow;
  for (const std::string& method : methods) allow += (allow.empty() ? "" : ", ") + method;
  return allow;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
  BOOKSTORE_CHECK(!pattern.empty() && pattern[0] == '/', pattern);
  for (const Entry& entry : entries_) {
    BOOKSTORE_CHECK(entry.method != method || entry.pattern != pattern, method, " ", pattern,
                    " twice");
  }
  std::vector<std::string> segments = split_path(pattern);
  entries_.push_back(
      {std::move(method), std::move(pattern), std::move(segments), std::move(handler)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (path.empty() || path[0] != '/') {
    match.kind = Match::Kind::kBadPath;
    return match;
  }
  std::vector<std::string> segments = split_path(path);
  for (std::string& segment : segments) {
    auto decoded = percent_decode(segment);
    if (!decoded) {
      match.kind = Match::Kind::kBadPath;
      return match;
    }
    segment = std::move(*decoded);
  }
  const Entry* best = nullptr;  // decides the pattern; the method is looked up among its equals
  for (const Entry& entry : entries_) {
    if (!fits(entry.segments, segments)) continue;
    if (best == nullptr || more_literal(entry.segments, best->segments)) best = &entry;
  }
  if (best == nullptr) return match;

  match.pattern = best->pattern;
  std::set<std::string> methods;
  for (const Entry& entry : entries_) {
    if (entry.pattern != best->pattern) continue;
    methods.insert(entry.method);
    const bool head_of_get = method == "HEAD" && entry.method == "GET" && !match.handler;
    if (entry.method == method || head_of_get) match.handler = &entry.handler;
  }
  match.allow = allow_of(std::move(methods));
  if (match.handler == nullptr) {
    match.kind = method == "OPTIONS" ? Match::Kind::kOptions : Match::Kind::kMethodNotAllowed;
    return match;
  }
  match.kind = Match::Kind::kHandler;
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string& want = best->segments[i];
    if (is_param(want)) match.path_params[want.substr(1, want.size() - 2)] = segments[i];
  }
  return match;
}

std::vector<Route> Router::routes() const {
  std::vector<Route> routes;
  for (const Entry& entry : entries_) routes.push_back({entry.method, entry.pattern});
  return routes;
}

}  // namespace bookstore::http
