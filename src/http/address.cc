#include "http/address.h"

#include <algorithm>
#include <charconv>

namespace bookstore::http {
namespace {

constexpr size_t kHostLengthMax = 253;  // of a DNS name

bool valid_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostLengthMax &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

bool valid_ipv6(std::string_view host) {
  return host.size() >= 2 && host.size() <= 45 &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !valid_ipv6(host) : !valid_name(host)) return std::nullopt;
  int port = 0;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size()) return std::nullopt;
  if (port < 0 || port > 65'535) return std::nullopt;
  return Address{std::string(host), port};
}

}  // namespace bookstore::http
