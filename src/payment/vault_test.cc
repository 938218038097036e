#include "payment/vault.h"

#include <latch>
#include <thread>

#include "base/status.h"
#include "gmock/gmock.h"
#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNumber[] = "4242424242424242";

// Nobody answers there.
class SilentProvider final : public Provider {
 public:
  absl::StatusOr<TokeniseAnswer> tokenise(const Card&, std::string_view, base::Deadline) override {
    return absl::UnavailableError("silent");
  }
  absl::StatusOr<ProviderAnswer> authorise(const std::string&, const base::Money&,
                                           const std::string&, base::Deadline) override {
    return absl::UnavailableError("silent");
  }
  absl::StatusOr<ProviderAnswer> capture(const std::string&, const base::Money&, const std::string&,
                                         base::Deadline) override {
    return absl::UnavailableError("silent");
  }
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string&, const std::string&,
                                                    base::Deadline) override {
    return absl::UnavailableError("silent");
  }
  absl::StatusOr<ProviderAnswer> lookup(const std::string&, base::Deadline) override {
    return absl::UnavailableError("silent");
  }
  absl::StatusOr<ProviderAnswer> cancel(const std::string&, base::Deadline) override {
    return absl::UnavailableError("silent");
  }
};

class VaultTest : public PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (!IsSkipped()) vault_ = make('p');
  }
  std::unique_ptr<Vault> make(char key_byte) { return make(key_byte, *sandbox_); }
  std::unique_ptr<Vault> make(char key_byte, Provider& provider) {
    const crypto::Secret platform_key(std::string(32, key_byte));
    return std::make_unique<Vault>(*pool_, provider, random_, platform_key, "payment");
  }
  TokeniseReply tokenise(const std::string& order, std::string_view number = kNumber,
                         causality::Epoch epoch = {1, 0}, causality::VectorClock clock = {}) {
    const auto reply = vault_->tokenise({.order_id = order,
                                         .epoch = epoch,
                                         .card = {number, 12, 2040, "Ada Lovelace"},
                                         .cvc = "987",
                                         .clock = clock},
                                        deadline());
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : TokeniseReply{};
  }
  std::unique_ptr<Vault> vault_;
};

TEST_F(VaultTest, KeepsTheCardForItsToken) {
  const std::string order = new_order();
  const auto reply = tokenise(order);
  EXPECT_EQ(reply.last4, "4242");
  EXPECT_EQ(reply.brand, "visa");
  const auto card = vault_->read(reply.token, deadline());
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ(card->number.reveal(), kNumber);
  EXPECT_EQ(card->expiry_month, 12u);
  EXPECT_EQ(card->expiry_year, 2040u);
  EXPECT_EQ(card->holder_name.reveal(), "Ada Lovelace");
  EXPECT_EQ(vault_->read("nothing", deadline()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(VaultTest, NoRowAnywhereHoldsNumberOrCode) {
  tokenise(new_order());
  tokenise(new_order(), "4000000000000127");
  for (const char* table : {"payment.vault", "sandbox.operation", "payment.ledger"}) {
    const auto rows = sql({absl::StrCat("SELECT t::text AS row FROM ", table, " t")});
    for (const auto row : rows) {
      EXPECT_THAT(row.text("row"), Not(HasSubstr(kNumber)));
      EXPECT_THAT(row.text("row"), Not(HasSubstr("4000000000000127")));
      EXPECT_THAT(row.text("row"), Not(HasSubstr("987\"")));
      EXPECT_THAT(row.text("row"), Not(HasSubstr("Lovelace")));
    }
  }
  // A bytea's text form is hexadecimal: look into it too.
  const auto sealed = sql({"SELECT sealed FROM payment.vault WHERE sealed IS NOT NULL"});
  EXPECT_THAT(sealed[0].bytes("sealed"), Not(HasSubstr(kNumber)));
}

TEST_F(VaultTest, ACardInAnotherRowOrUnderAnotherKeyIsUnreadable) {
  const auto one = tokenise(new_order());
  const auto two = tokenise(new_order(), "5555555555554444");
  EXPECT_EQ(make('q')->read(one.token, deadline()).status().code(), absl::StatusCode::kDataLoss);
  sql({"UPDATE payment.vault SET sealed = (SELECT sealed FROM payment.vault WHERE token = $2) "
       "WHERE token = $1"},
      {one.token, two.token});
  EXPECT_EQ(vault_->read(one.token, deadline()).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(VaultTest, AnotherPlatformKeyIsRefusedAtStart) {
  EXPECT_TRUE(vault_->check_key(deadline()).ok());
  EXPECT_TRUE(make('p')->check_key(deadline()).ok());
  const absl::Status other = make('q')->check_key(deadline());
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(base::str(other.message()), HasSubstr("another platform key"));
}

TEST_F(VaultTest, ARefusalIsAnAnswerAndIsRemembered) {
  const std::string order = new_order();
  const auto refused = tokenise(order, "4000000000000127");
  EXPECT_EQ(refused.refusal, "incorrect_cvc");
  EXPECT_EQ(refused.token, "");
  EXPECT_EQ(tokenise(order, "4000000000000127").refusal, "incorrect_cvc");
  EXPECT_EQ(sql({"SELECT count(*) AS n FROM payment.vault"})[0].int64("n"), 1);
}

TEST_F(VaultTest, TheSameEpochAgainIsTheSameCardAndContinuesItsClock) {
  const std::string order = new_order();
  causality::Recorder caller("orchestrator-1");
  const auto first = tokenise(order, kNumber, {1, 0}, caller.send("send Tokenise"));
  EXPECT_EQ(first.clock.to_json(), "{\"orchestrator-1\":1, \"payment\":2}");
  // The reply was lost: the retry must not reuse the counters of the lost events.
  const auto again = tokenise(order, kNumber, {1, 0}, caller.send("send Tokenise"));
  EXPECT_EQ(again.token, first.token);
  EXPECT_EQ(again.clock.to_json(), "{\"orchestrator-1\":2, \"payment\":4}");
  EXPECT_NE(tokenise(order, kNumber, {2, 0}).token, first.token);
}

TEST_F(VaultTest, ARepeatHasItsAnswerWhileTheProviderIsSilent) {
  const std::string order = new_order();
  const std::string token = tokenise(order).token;
  SilentProvider silent;
  vault_ = make('p', silent);
  EXPECT_EQ(tokenise(order).token, token);
  const auto first_call = vault_->tokenise({.order_id = new_order(),
                                            .epoch = {1, 0},
                                            .card = {kNumber, 12, 2040, "Ada Lovelace"},
                                            .cvc = "987",
                                            .clock = {}},
                                           deadline());
  EXPECT_EQ(first_call.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(VaultTest, TwoAtOnceMakeOneRow) {
  for (int round = 0; round < 20; ++round) {
    const std::string order = new_order();
    std::latch start(2);
    std::string other_token;
    std::thread other([&] {
      start.arrive_and_wait();
      other_token = tokenise(order).token;
    });
    start.arrive_and_wait();
    const std::string token = tokenise(order).token;
    other.join();
    EXPECT_EQ(token, other_token);
  }
}

TEST_F(VaultTest, MalformedCallsAreRefusedWithoutTheValue) {
  const auto status = vault_
                          ->tokenise({.order_id = new_order(),
                                      .epoch = {1, 0},
                                      .card = {std::string(40, '4'), 12, 2040, ""},
                                      .cvc = "123",
                                      .clock = {}},
                                     deadline())
                          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(base::str(status.message()), Not(HasSubstr("444")));
}

}  // namespace
}  // namespace bookstore::payment
