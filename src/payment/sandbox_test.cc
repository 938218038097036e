#include "payment/sandbox.h"

#include <latch>
#include <thread>

#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

const base::Money kPrice{"EUR", 2599};
const std::string kGood = "sbx_approved.1";

class SandboxTest : public PaymentFixture {
 protected:
  Outcome authorise(const std::string& key, const std::string& token = kGood) {
    return value(sandbox_->authorise(token, kPrice, key, deadline())).outcome;
  }
  ProviderAnswer capture(const std::string& of, const std::string& key,
                         const base::Money& amount = kPrice) {
    return value(sandbox_->capture(of, amount, key, deadline()));
  }
  ProviderAnswer void_(const std::string& of, const std::string& key) {
    return value(sandbox_->void_authorisation(of, key, deadline()));
  }
  ProviderAnswer lookup(const std::string& key) { return value(sandbox_->lookup(key, deadline())); }
  Outcome cancel(const std::string& key) {
    return value(sandbox_->cancel(key, deadline())).outcome;
  }
  int64_t approved(const std::string& kind) {
    return sql({"SELECT count(*) AS n FROM sandbox.published_ledger "
                "WHERE kind = $1 AND outcome = 'approved'"},
               {kind})[0]
        .int64("n");
  }

 private:
  static ProviderAnswer value(absl::StatusOr<ProviderAnswer> answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : ProviderAnswer{};
  }
};

TEST_F(SandboxTest, AKeyIsDoneOnceHoweverOftenItIsAsked) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(authorise("a"), Outcome::kApproved);
    EXPECT_EQ(capture("a", "c").outcome, Outcome::kApproved);
  }
  EXPECT_EQ(approved("authorise"), 1);
  EXPECT_EQ(approved("capture"), 1);
  EXPECT_EQ(lookup("c").outcome, Outcome::kApproved);
  EXPECT_EQ(lookup("nobody asked").outcome, Outcome::kUnknown);
}

TEST_F(SandboxTest, ADeclineIsRememberedWithItsReason) {
  EXPECT_EQ(authorise("a", "sbx_insufficient_funds.1"), Outcome::kDeclined);
  EXPECT_EQ(authorise("a"), Outcome::kDeclined);  // another token does not open the key again
  EXPECT_EQ(lookup("a").reason, "insufficient_funds");
  EXPECT_EQ(capture("a", "c").reason, "not_authorised");
}

TEST_F(SandboxTest, AnAuthorisationEndsOnce) {
  authorise("a");
  EXPECT_EQ(capture("a", "c").outcome, Outcome::kApproved);
  EXPECT_EQ(void_("a", "v").reason, "already_ended");
  EXPECT_EQ(capture("a", "c2").reason, "already_ended");
  authorise("b");
  EXPECT_EQ(void_("b", "v2").outcome, Outcome::kApproved);
  EXPECT_EQ(capture("b", "c3").reason, "already_ended");
}

TEST_F(SandboxTest, OnlyTheAuthorisedAmountIsCaptured) {
  authorise("a");
  EXPECT_EQ(capture("a", "c", {"EUR", 2600}).reason, "amount_differs");
  EXPECT_EQ(capture("a", "c2", {"USD", 2599}).reason, "amount_differs");
  EXPECT_EQ(capture("a", "c3").outcome, Outcome::kApproved);
}

TEST_F(SandboxTest, ACanceledKeyRefusesEveryLaterCall) {
  EXPECT_EQ(cancel("a"), Outcome::kClosed);
  EXPECT_EQ(authorise("a"), Outcome::kClosed);
  EXPECT_EQ(approved("authorise"), 0);

  authorise("b");
  EXPECT_EQ(cancel("b"), Outcome::kApproved);  // what had happened is said, and voided
  EXPECT_EQ(capture("b", "c").reason, "authorisation_closed");
  EXPECT_EQ(void_("b", "v").outcome, Outcome::kApproved);
  EXPECT_EQ(cancel("b"), Outcome::kApproved);
}

TEST_F(SandboxTest, CaptureAndVoidAtOnceEndItOnce) {
  for (int round = 0; round < 20; ++round) {
    const std::string a = absl::StrCat("a", round);
    authorise(a);
    std::latch start(2);
    ProviderAnswer voided;
    std::thread other([&] {
      start.arrive_and_wait();
      voided = void_(a, a + ":void");
    });
    start.arrive_and_wait();
    const ProviderAnswer captured = capture(a, a + ":capture");
    other.join();
    EXPECT_NE(captured.outcome == Outcome::kApproved, voided.outcome == Outcome::kApproved);
  }
}

}  // namespace
}  // namespace bookstore::payment
