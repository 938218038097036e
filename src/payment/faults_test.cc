#include <gtest/gtest.h>

#include <map>

#include "payment/payments.h"
#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

const base::Money kPrice{"EUR", 2599};

// Each thing that the provider may do wrong, as a test card or a row of sandbox.fault asks for it,
// driven by a coordinator that asks until it hears an end. Every story ends with one capture or
// none, nothing authorised for an order that was given up, and the provider's ledger = ours.
class FaultsTest : public PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (IsSkipped()) return;
    sql({"TRUNCATE sandbox.fault"});
    restart();
  }
  void TearDown() override {
    if (payments_ == nullptr) return;
    payments_.reset();  // waits for calls under way: their late facts are written
    const auto wrong = sql({"SELECT name, subject, expected, found FROM payment.published_audit"});
    for (const auto row : wrong) {
      ADD_FAILURE() << row.text("name") << " " << row.text("subject") << ": expected "
                    << row.text("expected") << ", found " << row.text("found");
    }
  }
  // A payment process that forgot everything but its rows. It waits a moment only.
  void restart(base::DurationMs pending_after_ms = 40) {
    payments_.reset();
    payments_ = std::make_unique<Payments>(*pool_, *sandbox_,
                                           Payments::Config{.pending_after_ms = pending_after_ms});
  }
  OrderCall new_call(const std::string& number = "4242424242424242") {
    const std::string order = new_order();
    return {order, vault_card(order, number), kPrice, {}};
  }
  // An order whose provider misbehaves at a step.
  OrderCall new_call_with(const std::string& step, const std::string& kind, int64_t delay_ms = 0,
                          int64_t calls = 1) {
    const OrderCall call = new_call();
    arm(call, step, kind, delay_ms, calls);
    return call;
  }
  void arm(const OrderCall& call, const std::string& step, const std::string& kind,
           int64_t delay_ms = 0, int64_t calls = 1) {
    sql({"INSERT INTO sandbox.fault (authorisation, step, kind, delay_ms, calls) "
         "VALUES ($1::text || ':authorise', $2, $3, $4, $5)"},
        {call.order_id, step, kind, delay_ms, calls});
  }
  OrderAnswer ask(Ask what, const OrderCall& call) {
    const auto answers = payments_->call(what, 1, {call}, deadline());
    EXPECT_TRUE(answers.ok()) << answers.status();
    return answers.ok() ? answers->front() : OrderAnswer{};
  }
  // Asks as the coordinator does: while it is pending, again. Counts the pendings.
  OrderAnswer drive(Ask what, const OrderCall& call) {
    const auto by = deadline();
    for (pendings_ = 0; !by.passed(clock_); ++pendings_) {
      const OrderAnswer answer = ask(what, call);
      if (answer.answer != Answer::kPending) return answer;
    }
    ADD_FAILURE() << name_of(what) << " stayed pending";
    return {};
  }
  void expect_charged_once(const OrderCall& call) {
    EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
    EXPECT_EQ(drive(Ask::kCommit, call).answer, Answer::kCommitted);
    EXPECT_EQ(at_provider(call), "authorise approved; capture approved");
  }
  std::string at_provider(const OrderCall& call) {
    std::string text;
    const auto rows = sql({"SELECT kind, outcome FROM sandbox.published_ledger "
                           "WHERE authorisation LIKE $1 || ':%' ORDER BY sequence"},
                          {call.order_id});
    for (const auto row : rows) {
      absl::StrAppend(&text, text.empty() ? "" : "; ", row.text("kind"), " ", row.text("outcome"));
    }
    return text;
  }

  std::unique_ptr<Payments> payments_;
  int pendings_ = 0;
};

TEST_F(FaultsTest, ARequestThatIsLostIsAskedAgainByTheSameKey) {
  for (const char* step : {"authorise", "capture"}) {
    expect_charged_once(new_call_with(step, "lost_before", 0, 3));
  }
}

TEST_F(FaultsTest, AnAnswerThatIsLostIsFoundByItsKey) {
  for (const char* step : {"authorise", "capture"}) {
    expect_charged_once(new_call_with(step, "lost_after", 0, 1));
  }
}

TEST_F(FaultsTest, AQuestionAfterALostAnswerMayBeLostToo) {
  const OrderCall call = new_call_with("authorise", "lost_after");
  arm(call, "lookup", "lost_before", 0, 3);
  EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
  EXPECT_EQ(pendings_, 4);
  expect_charged_once(call);
}

TEST_F(FaultsTest, ALateAnswerIsTakenUpWhenItComes) {
  for (const char* step : {"authorise", "capture"}) {
    const OrderCall call = new_call_with(step, "late", 200);
    expect_charged_once(call);
    EXPECT_EQ(payments_->provider_counters().late, step == std::string("authorise") ? 1u : 2u);
  }
}

TEST_F(FaultsTest, ALateEffectHappensOnce) {
  for (const char* step : {"authorise", "capture"}) {
    expect_charged_once(new_call_with(step, "slow", 200));
  }
}

TEST_F(FaultsTest, ADeathWhileTheProviderIsSlowChangesNothing) {
  for (const char* step : {"authorise", "capture"}) {
    const OrderCall call = new_call_with(step, "slow", 120);
    const Ask what = step == std::string("authorise") ? Ask::kPrepare : Ask::kCommit;
    if (what == Ask::kCommit) EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
    EXPECT_EQ(ask(what, call).answer, Answer::kPending);
    restart();
    if (what == Ask::kPrepare) EXPECT_EQ(drive(what, call).answer, Answer::kPrepared);
    EXPECT_EQ(drive(Ask::kCommit, call).answer, Answer::kCommitted);
    EXPECT_EQ(at_provider(call), "authorise approved; capture approved");
  }
}

TEST_F(FaultsTest, AnAnswerThatComesTwiceIsOneEffect) {
  const OrderCall call = new_call_with("authorise", "twice");
  arm(call, "capture", "twice");
  expect_charged_once(call);
}

TEST_F(FaultsTest, ASilentProviderIsPendingUntilItSpeaks) {
  restart(/*pending_after_ms=*/20);
  expect_charged_once(new_call_with("any", "silent", 300));
}

TEST_F(FaultsTest, AnAbortWhileTheProviderIsSilentWaitsForItsWord) {
  restart(/*pending_after_ms=*/20);
  const OrderCall call = new_call_with("any", "silent", 300);
  EXPECT_EQ(ask(Ask::kPrepare, call).answer, Answer::kPending);
  EXPECT_EQ(ask(Ask::kAbort, call).answer, Answer::kPending);
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted);
  EXPECT_GT(pendings_, 0);
  EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kAborted);
}

TEST_F(FaultsTest, AnAuthorisationThatArrivesAfterItsAbortFindsTheKeyClosed) {
  restart(/*pending_after_ms=*/10);
  const OrderCall call = new_call_with("authorise", "slow", 300);
  EXPECT_EQ(ask(Ask::kPrepare, call).answer, Answer::kPending);
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted);
  payments_.reset();  // the authorisation has arrived by now
  EXPECT_EQ(at_provider(call), "authorise closed");
  restart();
}

TEST_F(FaultsTest, AnAbortVoidsOnceWhateverIsLost) {
  for (const char* kind : {"lost_before", "lost_after", "twice", "late", "slow"}) {
    const OrderCall call = new_call_with("void", kind, 60);
    arm(call, "cancel", kind, 60);
    EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
    EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted) << kind;
    EXPECT_EQ(at_provider(call), "authorise approved; void approved") << kind;
  }
}

TEST_F(FaultsTest, ADeclineIsARefusalForGood) {
  const OrderCall call = new_call_with("authorise", "refused");
  const auto refused = drive(Ask::kPrepare, call);
  EXPECT_EQ(refused.answer, Answer::kRefused);
  EXPECT_EQ(refused.reason, "do_not_honor");
  EXPECT_EQ(drive(Ask::kPrepare, call).reason, "do_not_honor");
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(call), "authorise declined");
}

TEST_F(FaultsTest, ACaptureRefusedForGoodIsVoided) {
  const OrderCall call = new_call_with("capture", "refused");
  EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(drive(Ask::kCommit, call).reason, "capture_refused");
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(call), "authorise approved; capture declined; void approved");
}

TEST_F(FaultsTest, AnotherAmountAuthorisedIsNeverCapturedAndCanBeGivenUp) {
  const OrderCall call = new_call_with("authorise", "other_amount");
  for (int i = 0; i < 2; ++i) {
    const auto differs = drive(Ask::kPrepare, call);
    EXPECT_EQ(differs.answer, Answer::kContradiction);
    EXPECT_EQ(differs.reason, "amount_differs");
  }
  EXPECT_EQ(drive(Ask::kCommit, call).reason, "not_prepared");
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(call), "authorise approved; void approved");
}

TEST_F(FaultsTest, AnotherAmountCapturedStaysForAPersonToLookAt) {
  const OrderCall call = new_call_with("capture", "other_amount");
  EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(drive(Ask::kCommit, call).reason, "capture_differs");
  EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kContradiction);
  const auto ledger = sql({"SELECT outcome, reason FROM payment.ledger WHERE step = 'capture'"});
  EXPECT_EQ(ledger[0].text("outcome"), "differs");
  EXPECT_EQ(ledger[0].text("reason"), "approved 2600 EUR instead");
}

TEST_F(FaultsTest, AVoidRefusedForGoodIsNeverAcknowledged) {
  const OrderCall call = new_call_with("void", "refused");
  EXPECT_EQ(drive(Ask::kPrepare, call).answer, Answer::kPrepared);
  for (int i = 0; i < 2; ++i) {
    const auto stuck = drive(Ask::kAbort, call);
    EXPECT_EQ(stuck.answer, Answer::kContradiction);
    EXPECT_EQ(stuck.reason, "void_refused");
  }
}

TEST_F(FaultsTest, OrdersOfASilentProviderDoNotStarveTheOthers) {
  payments_ = std::make_unique<Payments>(
      *pool_, *sandbox_,
      Payments::Config{.pending_after_ms = 20, .provider_ms = 1'000, .provider_threads = 2});
  std::vector<OrderCall> silent;
  for (int i = 0; i < 2; ++i) silent.push_back(new_call_with("any", "silent", 60'000));
  ASSERT_TRUE(payments_->call(Ask::kPrepare, 1, silent, deadline()).ok());
  const auto by = deadline();
  while (payments_->provider_counters().unknown < 2) ASSERT_FALSE(by.passed(clock_));
  // Asked again, they have a thread of their own, and those for first questions are free.
  ASSERT_TRUE(payments_->call(Ask::kPrepare, 1, silent, deadline()).ok());
  EXPECT_EQ(drive(Ask::kPrepare, new_call()).answer, Answer::kPrepared);
  EXPECT_EQ(payments_->provider_counters().unknown, 2u);
}

// The cards of README.md, by the beginning of their number: what becomes of an order that is paid
// with one. The delays of the cards are real, so only the quick ones run here.
TEST_F(FaultsTest, TheScenarioCardsDoWhatTheReadmeSays) {
  restart(/*pending_after_ms=*/10'000);
  const std::map<std::string, std::string> quick = {
      {"4000009901000003", "authorise approved; capture approved"},
      {"4000009902000002", "authorise approved; capture approved"},
      {"4000009905000009", "authorise approved; capture approved"},
      {"4000009907000007", "authorise approved; capture approved"},
      {"4000009908000006", "authorise approved; capture approved"},
      {"4000009910000002", "authorise approved; capture declined; void approved"},
      {"4000009911000001", "authorise approved; capture declined; void approved"},
      {"4000009912000000", "authorise approved; void approved"},
      {"4000009914000008", "authorise declined"},
      {"4000009915000007", "authorise approved; capture approved"}};
  for (const auto& [number, end] : quick) {
    const OrderCall call = new_call(number);
    bool gone = drive(Ask::kPrepare, call).answer != Answer::kPrepared;
    if (!gone) gone = drive(Ask::kCommit, call).answer != Answer::kCommitted;
    if (gone) EXPECT_EQ(drive(Ask::kAbort, call).answer, Answer::kAborted) << number;
    EXPECT_EQ(at_provider(call), end) << number;
  }
}

}  // namespace
}  // namespace bookstore::payment
