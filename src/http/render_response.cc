#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "http/session.h"

namespace bookstore::http {
namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(base::WallMs now_ms) {
  static constexpr std::array kDays{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const base::CivilTime time = base::civil_from_wall(now_ms);
  const auto day = static_cast<size_t>(now_ms / 86'400'000 % 7);  // 1970-01-01 was a Thursday
  return absl::StrFormat("%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[day], time.day,
                         kMonths[static_cast<size_t>(time.month - 1)], time.year, time.hour,
                         time.minute, time.second);
}

void put(std::string& out, std::string_view name, std::string_view value) {
  BOOKSTORE_CHECK(value.find_first_of("\r\n") == std::string_view::npos, "a line break in header ",
                  base::absl_view(name));
  absl::StrAppend(&out, base::absl_view(name), ": ", base::absl_view(value), "\r\n");
}

// What every answer says unless its handler said otherwise: an API's answers are neither cached
// nor framed nor guessed at.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kDefaults{{
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
}};

}  // namespace

std::string render_response(const Response& response, bool head_only, bool keep_alive,
                            base::WallMs now_ms) {
  const bool bodiless = response.status == 204 || response.status == 304;
  std::string out = absl::StrCat("HTTP/1.1 ", response.status, " ",
                                 base::absl_view(reason_phrase(response.status)), "\r\n");
  put(out, "Date", http_date(now_ms));
  for (const auto& [name, value] : response.headers) put(out, name, value);
  for (const auto& [name, value] : kDefaults) {
    if (!response.headers.has(name)) put(out, name, value);
  }
  if (!bodiless) put(out, "Content-Length", std::to_string(response.body.size()));
  put(out, "Connection", keep_alive ? "keep-alive" : "close");
  out += "\r\n";
  if (!bodiless && !head_only) out += response.body;
  return out;
}

}  // namespace bookstore::http
