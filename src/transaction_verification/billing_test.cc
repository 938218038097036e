#include "transaction_verification/billing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bookstore::transaction_verification {
namespace {

using Texts = std::vector<std::string>;

Billing good_billing() {
  return {.customer_name = "Ada Lovelace",
          .customer_email = "ada@example.com",
          .line1 = "12 St James's Square",
          .line2 = "",
          .city = "London",
          .region = "",
          .postal_code = "SW1Y 4JH",
          .country = "GB"};
}

Texts failures(const Billing& billing) {
  Texts texts;
  for (const FieldError& error : check_billing(billing)) {
    texts.push_back(std::string(error.pointer) + " " + std::string(error.code));
  }
  return texts;
}

TEST(Billing, AGoodAddressHasNoErrors) {
  EXPECT_EQ(failures(good_billing()), Texts{});
}

TEST(Billing, AnEmptyFormNamesEveryFieldItNeeds) {
  EXPECT_EQ(failures({}),
            (Texts{"/billing_address/country required", "/billing_address/line1 required",
                   "/billing_address/city required", "/customer/name required",
                   "/customer/email required"}));
}

TEST(Billing, AnUnknownCountryIsOneErrorAndNotTwo) {
  Billing billing = good_billing();
  billing.country = "UK";
  EXPECT_EQ(failures(billing), Texts{"/billing_address/country unknown_country"});
}

TEST(Billing, ThePostalCodeIsJudgedByTheCountry) {
  Billing billing = good_billing();
  billing.country = "DE";
  EXPECT_EQ(failures(billing), Texts{"/billing_address/postal_code invalid"});
  billing.postal_code = "26133";
  EXPECT_EQ(failures(billing), Texts{});
  billing.postal_code = " ";
  EXPECT_EQ(failures(billing), Texts{"/billing_address/postal_code required"});
}

TEST(Billing, WhereWeHaveNoRuleAnyModestPostalCodeWillDo) {
  Billing billing = good_billing();
  billing.country = "HK";
  for (const std::string_view code : {"", "999077", "AB-12 C"}) {
    billing.postal_code = code;
    EXPECT_EQ(failures(billing), Texts{}) << code;
  }
  for (const std::string_view code : {"12/34", "12345678901234567", "<b>"}) {
    billing.postal_code = code;
    EXPECT_EQ(failures(billing), Texts{"/billing_address/postal_code invalid"}) << code;
  }
}

TEST(Billing, SomeCountriesNeedARegion) {
  Billing billing = good_billing();
  billing.country = "US";
  billing.postal_code = "94105";
  EXPECT_EQ(failures(billing), Texts{"/billing_address/region required"});
  billing.region = "CA";
  EXPECT_EQ(failures(billing), Texts{});
}

TEST(Billing, LinesAreShortAndWithoutControlCharacters) {
  const std::string long_line(201, 'x');
  Billing billing = good_billing();
  billing.line1 = long_line;
  billing.line2 = "a\tb";
  billing.city = "Lon\ndon";
  billing.customer_name = "   ";
  EXPECT_EQ(failures(billing),
            (Texts{"/billing_address/line1 too_long", "/billing_address/line2 invalid",
                   "/billing_address/city invalid", "/customer/name required"}));
}

TEST(Email, WhatPeopleHaveIsAccepted) {
  for (const std::string_view email :
       {"a@b.co", "ada.lovelace+books@example.co.uk", "o'brien@example.ie", "x_y-z@sub.example.com",
        "用户@例子.公司", "1234567890@example.com", "a@xn--bcher-kva.example"}) {
    EXPECT_TRUE(plausible_email(email)) << email;
  }
  EXPECT_TRUE(plausible_email(std::string(64, 'a') + "@example.com"));
}

TEST(Email, WhatNobodyHasIsRefused) {
  for (const std::string_view email :
       {"",        "a",       "@",        "a@",          "@b.co",      "a@b",           "a@b.",
        "a@.co",   "a@b..co", ".a@b.co",  "a.@b.co",     "a..b@c.de",  "a b@c.de",      "a@b@c.de",
        "a@-b.co", "a@b-.co", "a@b_c.co", "a@127.0.0.1", "\"a\"@b.co", "a@[127.0.0.1]", "a\n@b.co",
        "a,b@c.de"}) {
    EXPECT_FALSE(plausible_email(email)) << email;
  }
  EXPECT_FALSE(plausible_email(std::string(65, 'a') + "@example.com"));
  EXPECT_FALSE(plausible_email("a@" + std::string(64, 'b') + ".com"));
  std::string domain;
  for (int label = 0; label < 5; ++label) domain += std::string(60, 'c') + ".";
  EXPECT_FALSE(plausible_email("a@" + domain + "com")) << "longer than a mail server takes";
}

}  // namespace
}  // namespace bookstore::transaction_verification
