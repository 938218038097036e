#include "base/ids.h"

#include <algorithm>

namespace bookstore::base {
namespace {

constexpr std::string_view kPrefix = "ord_";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

std::string make_ulid(const Clock& clock, Random& random) {
  std::string text(26, '0');
  uint64_t time = static_cast<uint64_t>(clock.wall_ms());
  for (int i = 9; i >= 0; --i, time >>= 5) text[i] = kAlphabet[time & 31];
  uint64_t low = random.next(), high = random.next();
  for (int i = 25; i >= 10; --i) {
    uint64_t& source = i >= 18 ? low : high;
    text[i] = kAlphabet[source & 31];
    source >>= 5;
  }
  return text;
}

OrderId make_order_id(const Clock& clock, Random& random) {
  return {std::string(kPrefix) + make_ulid(clock, random)};
}

std::optional<OrderId> parse_order_id(std::string_view text) {
  if (text.size() != kOrderIdLength || text.substr(0, kPrefix.size()) != kPrefix) return {};
  const std::string_view ulid = text.substr(kPrefix.size());
  if (ulid[0] > '7') return {};  // 48 bits of time leave three bits for the first digit
  if (ulid.find_first_not_of(kAlphabet) != std::string_view::npos) return {};
  return OrderId{std::string(text)};
}

bool valid_book_id(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '-';
  });
}

}  // namespace bookstore::base
