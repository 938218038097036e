#include "fraud_detection/email_domain.h"

#include <algorithm>
#include <array>

namespace bookstore::fraud_detection {
namespace {

// The best-known services of throw-away mailboxes, sorted. Small on purpose: the long lists of the
// web change daily and belong to a feed, not to a program.
constexpr auto kDisposable = std::to_array<std::string_view>({
    "10minutemail.com",
    "10minutemail.net",
    "33mail.com",
    "burnermail.io",
    "discard.email",
    "dispostable.com",
    "dropmail.me",
    "emailondeck.com",
    "fakeinbox.com",
    "fakemail.net",
    "getairmail.com",
    "getnada.com",
    "grr.la",
    "guerrillamail.biz",
    "guerrillamail.com",
    "guerrillamail.de",
    "guerrillamail.info",
    "guerrillamail.net",
    "guerrillamail.org",
    "guerrillamailblock.com",
    "inboxkitten.com",
    "mailcatch.com",
    "maildrop.cc",
    "mailinator.com",
    "mailinator.net",
    "mailnesia.com",
    "mailsac.com",
    "mintemail.com",
    "moakt.com",
    "mohmal.com",
    "mytemp.email",
    "nada.email",
    "sharklasers.com",
    "spam4.me",
    "spambox.us",
    "spamgourmet.com",
    "temp-mail.io",
    "temp-mail.org",
    "tempail.com",
    "tempinbox.com",
    "tempmail.com",
    "tempmail.net",
    "tempmailo.com",
    "tempr.email",
    "throwawaymail.com",
    "trash-mail.com",
    "trashmail.com",
    "trashmail.de",
    "trashmail.net",
    "yopmail.com",
    "yopmail.fr",
    "yopmail.net",
});
static_assert(std::is_sorted(kDisposable.begin(), kDisposable.end()));

// Country codes that say nothing about where their users live, sorted; "eu" and "uk" are handled
// where they are needed.
constexpr auto kGenericCodes = std::to_array<std::string_view>(
    {"ac", "ag", "ai", "am", "as", "bz", "cc", "cd", "cf", "co", "cx", "dj", "eu", "fm",
     "ga", "gd", "gg", "gl", "gq", "gs", "im", "io", "je", "la", "li", "ly", "me", "ml",
     "mn", "ms", "mu", "nu", "pm", "pw", "re", "sc", "sh", "so", "st", "su", "sx", "tc",
     "tf", "tk", "tl", "tm", "to", "tv", "vc", "vg", "vu", "wf", "ws", "yt"});
static_assert(std::is_sorted(kGenericCodes.begin(), kGenericCodes.end()));

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
char capital(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

std::string email_domain(std::string_view email) {
  const size_t at = email.rfind('@');
  if (at == std::string_view::npos) return {};
  std::string domain(email.substr(at + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(), small);
  return domain;
}

DomainClass classify_domain(std::string_view domain) {
  while (true) {
    if (std::binary_search(kDisposable.begin(), kDisposable.end(), domain)) {
      return DomainClass::kDisposable;
    }
    const size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return DomainClass::kOrdinary;
    domain.remove_prefix(dot + 1);
  }
}

std::string country_of_domain(std::string_view domain) {
  const size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || domain.size() - dot - 1 != 2) return {};
  const std::string_view ending = domain.substr(dot + 1);
  if (std::binary_search(kGenericCodes.begin(), kGenericCodes.end(), ending)) return {};
  if (ending == "uk") return "GB";
  return {capital(ending[0]), capital(ending[1])};
}

}  // namespace bookstore::fraud_detection
