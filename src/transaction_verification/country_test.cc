#include "transaction_verification/country.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bookstore::transaction_verification {
namespace {

TEST(Country, ThereAre249AndWithdrawnOrReservedCodesAreNone) {
  int known = 0;
  for (char first = 'A'; first <= 'Z'; ++first) {
    for (char second = 'A'; second <= 'Z'; ++second) {
      known += known_country(std::string{first, second}) ? 1 : 0;
    }
  }
  EXPECT_EQ(known, 249);
  for (const char* code : {"AD", "DE", "GB", "US", "ZW"}) EXPECT_TRUE(known_country(code)) << code;
  for (const char* code : {"", "D", "de", "DEU", "UK", "EU", "XK", "AN", "SU", "YU", "ZZ"}) {
    EXPECT_FALSE(known_country(code)) << code;
  }
}

struct Example {
  const char* country;
  const char* code;
};

// Examples of the postal authorities (as Google's libaddressinput lists them).
constexpr auto kExamples = std::to_array<Example>({
    {"AR", "C1070AAM"}, {"AR", "C1000WAM"}, {"AR", "1070"},     {"AT", "1010"},
    {"AU", "2060"},     {"BE", "4000"},     {"BG", "1000"},     {"BR", "40301-110"},
    {"CA", "H3Z 2Y7"},  {"CA", "V8X3X4"},   {"CA", "t0l 1k0"},  {"CH", "2544"},
    {"CN", "266033"},   {"CY", "2008"},     {"CZ", "100 00"},   {"DE", "26133"},
    {"DK", "8660"},     {"EE", "69501"},    {"ES", "28039"},    {"FI", "00550"},
    {"FR", "33380"},    {"GB", "EC1Y 8SY"}, {"GB", "GIR 0AA"},  {"GB", "M2 5BQ"},
    {"GB", "M34 4AB"},  {"GB", "CR0 2YR"},  {"GB", "DN16 9AA"}, {"GB", "W1A 4ZZ"},
    {"GR", "151 24"},   {"HR", "10000"},    {"HU", "1037"},     {"IE", "A65 F4E2"},
    {"IE", "D6W XY00"}, {"IL", "9614303"},  {"IN", "110034"},   {"IS", "320"},
    {"IT", "00144"},    {"JP", "154-0023"}, {"KR", "03051"},    {"LI", "9496"},
    {"LT", "04340"},    {"LT", "LT-04340"}, {"LU", "4750"},     {"LU", "L-4750"},
    {"LV", "LV-1073"},  {"MC", "98000"},    {"MT", "NXR 1234"}, {"MX", "02860"},
    {"NL", "1234 AB"},  {"NL", "2490AA"},   {"NO", "0025"},     {"NZ", "6001"},
    {"PL", "00-950"},   {"PT", "2725-079"}, {"RO", "060274"},   {"SE", "11455"},
    {"SE", "114 55"},   {"SG", "546080"},   {"SI", "4000"},     {"SK", "010 01"},
    {"TR", "01960"},    {"UA", "15432"},    {"US", "95014"},    {"US", "22162-1010"},
    {"ZA", "0083"},
});

bool accepts(const Example& example, const std::string& code) {
  const AddressRule* rule = find_address_rule(example.country);
  return rule != nullptr && matches_postal_pattern(rule->postal_patterns, code);
}

TEST(PostalCode, TheExamplesOfThePostalAuthoritiesAreAccepted) {
  for (const Example& example : kExamples) {
    EXPECT_TRUE(accepts(example, example.code)) << example.country << " " << example.code;
  }
}

TEST(PostalCode, MaltaHasFourDigitsSince2007) {
  EXPECT_TRUE(accepts({"MT", ""}, "NXR 1234"));
  EXPECT_FALSE(accepts({"MT", ""}, "NXR 01"));
}

TEST(PostalCode, OneCharacterMoreOrLessIsAlmostAlwaysRefused) {
  int mutants = 0;
  int refused = 0;
  for (const Example& example : kExamples) {
    const std::string code = example.code;
    for (size_t at = 0; at < code.size(); ++at) {
      std::string shorter = code;
      shorter.erase(at, 1);
      std::string longer = code;
      longer.insert(at, 1, code[at]);
      for (const std::string& mutant : {shorter, longer}) {
        // Without its space, or with one more place for it, it is the same code.
        if (code[at] == ' ' || code[at] == '-') continue;
        ++mutants;
        refused += accepts(example, mutant) ? 0 : 1;
      }
    }
  }
  EXPECT_GE(refused * 100, mutants * 95) << refused << " of " << mutants;
}

TEST(PostalCode, LettersThatNoCodeOfTheCountryHasAreRefused) {
  EXPECT_FALSE(accepts({"CA", ""}, "D3Z 2Y7"));
  EXPECT_FALSE(accepts({"CA", ""}, "W3Z 2Y7"));
  EXPECT_FALSE(accepts({"CA", ""}, "H3Z 2O7"));
  EXPECT_FALSE(accepts({"IE", ""}, "A65 B4E2")) << "B is in no Eircode";
  EXPECT_FALSE(accepts({"GB", ""}, "EC1Y")) << "half a postcode";
  EXPECT_FALSE(accepts({"DE", ""}, "2613A"));
  EXPECT_FALSE(accepts({"US", ""}, "95014 1010")) << "ZIP+4 has a hyphen";
}

TEST(PostalCode, ACountryWithoutARuleHasNone) {
  EXPECT_EQ(find_address_rule("HK"), nullptr);
  EXPECT_EQ(find_address_rule(""), nullptr);
  EXPECT_EQ(find_address_rule("ZZ"), nullptr);
}

}  // namespace
}  // namespace bookstore::transaction_verification
