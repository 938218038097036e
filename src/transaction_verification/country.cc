#include "transaction_verification/country.h"

#include <algorithm>
#include <array>

#include "transaction_verification/text.h"

namespace bookstore::transaction_verification {
namespace {

// ISO 3166-1, 249 codes in order.
constexpr std::string_view kCountries =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCL"
    "CMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGU"
    "GWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMC"
    "MDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPT"
    "PWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUA"
    "UGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
static_assert(kCountries.size() == 249 * 2);

constexpr std::string_view kGreatBritain =
    "AN~NAA|ANN~NAA|AAN~NAA|AANN~NAA|ANA~NAA|AANA~NAA|GIR~0AA";

constexpr auto kRules = std::to_array<AddressRule>({
    {"AR", "NNNN|ANNNNAAA"}, {"AT", "NNNN"},          {"AU", "NNNN", true},
    {"BE", "NNNN"},          {"BG", "NNNN"},          {"BR", "NNNNN~NNN"},
    {"CA", "FNC~NCN", true}, {"CH", "NNNN"},          {"CN", "NNNNNN"},
    {"CY", "NNNN"},          {"CZ", "NNN~NN"},        {"DE", "NNNNN"},
    {"DK", "NNNN"},          {"EE", "NNNNN"},         {"ES", "NNNNN"},
    {"FI", "NNNNN"},         {"FR", "NNNNN"},         {"GB", kGreatBritain},
    {"GR", "NNN~NN"},        {"HR", "NNNNN"},         {"HU", "NNNN"},
    {"IE", "ANW~EEEE"},      {"IL", "NNNNN|NNNNNNN"}, {"IN", "NNN~NNN"},
    {"IS", "NNN"},           {"IT", "NNNNN"},         {"JP", "NNN~NNNN"},
    {"KR", "NNNNN"},         {"LI", "NNNN"},          {"LT", "NNNNN|LT~NNNNN"},
    {"LU", "NNNN|L~NNNN"},   {"LV", "NNNN|LV~NNNN"},  {"MC", "980NN"},
    {"MT", "AAA~NNNN"},      {"MX", "NNNNN"},         {"NL", "NNNN~AA"},
    {"NO", "NNNN"},          {"NZ", "NNNN"},          {"PL", "NN~NNN"},
    {"PT", "NNNN~NNN"},      {"RO", "NNNNNN"},        {"SE", "NNN~NN"},
    {"SG", "NNNNNN"},        {"SI", "NNNN|SI~NNNN"},  {"SK", "NNN~NN"},
    {"TR", "NNNNN"},         {"UA", "NNNNN"},         {"US", "NNNNN|NNNNN-NNNN", true},
    {"ZA", "NNNN"},
});

bool one_of(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}

bool matches_class(char pattern, char c) {
  switch (pattern) {
    case 'N':
      return is_digit(c);
    case 'A':
      return is_upper(c);
    // https://www.canadapost-postescanada.ca: no D F I O Q U, and no W or Z in the first place.
    case 'C':
      return one_of("ABCEGHJKLMNPRSTVWXYZ", c);
    case 'F':
      return one_of("ABCEGHJKLMNPRSTVXY", c);
    // https://www.eircode.ie: fifteen letters and the digits; the third place is W in D6W only.
    case 'E':
      return is_digit(c) || one_of("ACDEFHKNPRTVWXY", c);
    case 'W':
      return is_digit(c) || c == 'W';
    default:
      return pattern == c;
  }
}

bool matches_one(std::string_view pattern, std::string_view value) {
  size_t at = 0;
  for (const char p : pattern) {
    if (p == '~') {
      if (at < value.size() && (value[at] == ' ' || value[at] == '-')) ++at;
    } else if (at == value.size() || !matches_class(p, to_upper(value[at++]))) {
      return false;
    }
  }
  return at == value.size();
}

}  // namespace

bool known_country(std::string_view code) {
  if (code.size() != 2) return false;
  for (size_t at = 0; at < kCountries.size(); at += 2) {
    if (kCountries.substr(at, 2) == code) return true;
  }
  return false;
}

const AddressRule* find_address_rule(std::string_view country) {
  const auto found = std::lower_bound(
      kRules.begin(), kRules.end(), country,
      [](const AddressRule& rule, std::string_view code) { return rule.country < code; });
  return found != kRules.end() && found->country == country ? &*found : nullptr;
}

bool matches_postal_pattern(std::string_view patterns, std::string_view value) {
  while (true) {
    const size_t bar = patterns.find('|');
    if (matches_one(patterns.substr(0, bar), value)) return true;
    if (bar == std::string_view::npos) return false;
    patterns.remove_prefix(bar + 1);
  }
}

}  // namespace bookstore::transaction_verification
