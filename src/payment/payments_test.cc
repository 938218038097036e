#include "payment/payments.h"

#include <map>
#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "payment/bad_line.h"
#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const base::Money kPrice{"EUR", 2599};

class PaymentsTest : public PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (IsSkipped()) return;
    line_ = std::make_unique<BadLine>(*sandbox_);
    restart();
  }
  void TearDown() override {
    if (line_) line_->speak();
    payments_.reset();
  }
  // What is left after the process died is in the database.
  void restart(base::DurationMs pending_after_ms = 10'000) {
    payments_.reset();
    payments_ = std::make_unique<Payments>(*pool_, *line_,
                                           Payments::Config{.pending_after_ms = pending_after_ms});
  }
  std::vector<OrderAnswer> ask(Ask what, uint64_t fence, const std::vector<OrderCall>& orders) {
    auto answers = payments_->call(what, fence, orders, deadline());
    EXPECT_TRUE(answers.ok()) << answers.status();
    return answers.ok() ? *std::move(answers) : std::vector<OrderAnswer>(orders.size());
  }
  OrderAnswer ask_one(Ask what, uint64_t fence, const OrderCall& order) {
    return ask(what, fence, {order})[0];
  }
  OrderCall new_call(const std::string& number = "4242424242424242") {
    const std::string order = new_order();
    return {order, vault_card(order, number), kPrice, {}};
  }
  // "authorise approved; void approved": what the provider's own ledger says of an order.
  std::string at_provider(const OrderCall& order) {
    std::string text;
    const auto rows = sql({"SELECT kind, outcome FROM sandbox.published_ledger "
                           "WHERE authorisation LIKE $1 || ':%' ORDER BY sequence"},
                          {order.order_id});
    for (const auto row : rows) {
      absl::StrAppend(&text, text.empty() ? "" : "; ", row.text("kind"), " ", row.text("outcome"));
    }
    return text;
  }
  std::string ledger(const OrderCall& order) {
    std::string text;
    const auto rows = sql({"SELECT step, outcome FROM payment.ledger WHERE order_id = $1 "
                           "ORDER BY step"},
                          {order.order_id});
    for (const auto row : rows) {
      absl::StrAppend(&text, text.empty() ? "" : "; ", row.text("step"), " ", row.text("outcome"));
    }
    return text;
  }

  std::unique_ptr<BadLine> line_;
  std::unique_ptr<Payments> payments_;
};

TEST_F(PaymentsTest, AuthorisesThenCapturesOnce) {
  const OrderCall order = new_call();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kPrepared);
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask_one(Ask::kCommit, 1, order).answer, Answer::kCommitted);
  }
  EXPECT_EQ(at_provider(order), "authorise approved; capture approved");
  EXPECT_EQ(ledger(order), "authorise approved; capture approved");
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order).answer, Answer::kContradiction);
}

TEST_F(PaymentsTest, ADeclinedCardIsRefusedForGood) {
  const OrderCall order = new_call("4000000000000002");
  const auto refused = ask_one(Ask::kPrepare, 1, order);
  EXPECT_EQ(refused.answer, Answer::kRefused);
  EXPECT_EQ(refused.reason, "card_declined");
  EXPECT_EQ(ask_one(Ask::kPrepare, 2, order).reason, "card_declined");
  EXPECT_EQ(ask_one(Ask::kAbort, 2, order).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(order), "authorise declined");
}

TEST_F(PaymentsTest, AbortVoidsWhatWasAuthorised) {
  const OrderCall order = new_call();
  ask_one(Ask::kPrepare, 1, order);
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(order), "authorise approved; void approved");
  EXPECT_EQ(ledger(order), "authorise approved; cancel closed; void approved");
  EXPECT_EQ(ask_one(Ask::kCommit, 1, order).reason, "was_aborted");
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kAborted);
}

TEST_F(PaymentsTest, AbortBeforePrepareWins) {
  const OrderCall order = new_call();
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order).answer, Answer::kAborted);
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(order), "");
}

TEST_F(PaymentsTest, ATokenOfAnotherOrderIsRefused) {
  OrderCall order = new_call();
  order.order_id = new_order();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).reason, "unknown_token");
  EXPECT_EQ(at_provider(order), "");
}

TEST_F(PaymentsTest, AnotherAmountIsAContradiction) {
  OrderCall order = new_call();
  ask_one(Ask::kPrepare, 1, order);
  order.amount.minor += 1;
  EXPECT_EQ(ask_one(Ask::kCommit, 1, order).reason, "amount_differs");
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).reason, "amount_differs");
  order.amount.minor -= 1;
  EXPECT_EQ(ask_one(Ask::kCommit, 1, order).answer, Answer::kCommitted);
}

TEST_F(PaymentsTest, ACaptureRefusedForGoodCanOnlyBeVoided) {
  const OrderCall order = new_call();
  ask_one(Ask::kPrepare, 1, order);
  line_->refuse_captures = true;
  for (int i = 0; i < 2; ++i) {
    const auto refused = ask_one(Ask::kCommit, 1, order);
    EXPECT_EQ(refused.answer, Answer::kContradiction);
    EXPECT_EQ(refused.reason, "capture_refused");
  }
  EXPECT_EQ(ask_one(Ask::kAbort, 1, order).answer, Answer::kAborted);
  EXPECT_EQ(at_provider(order), "authorise approved; void approved");
}

TEST_F(PaymentsTest, ASilentProviderIsPendingAndItsLateAnswerIsTakenUp) {
  restart(/*pending_after_ms=*/30);
  const OrderCall order = new_call();
  line_->fall_silent();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kPending);
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kPending);
  EXPECT_EQ(payments_->provider_counters().started, 1u);  // the second joined the first
  EXPECT_EQ(ledger(order), "authorise unknown");          // the intent was there before the call
  line_->speak();
  while (ask_one(Ask::kPrepare, 1, order).answer == Answer::kPending) {
  }
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kPrepared);
  EXPECT_EQ(at_provider(order), "authorise approved");
}

TEST_F(PaymentsTest, DyingAfterTheProvidersEffectLosesNothingAndDoesNothingTwice) {
  const OrderCall order = new_call();
  for (const Ask what : {Ask::kPrepare, Ask::kCommit}) {
    line_->fault = [] { return BadLine::Fault::kReplyLost; };
    EXPECT_EQ(ask_one(what, 1, order).answer, Answer::kPending);
    restart();
    EXPECT_EQ(ask_one(what, 1, order).answer, Answer::kPending);
    line_->fault = [] { return BadLine::Fault::kNone; };
    const Answer done = what == Ask::kPrepare ? Answer::kPrepared : Answer::kCommitted;
    EXPECT_EQ(ask_one(what, 1, order).answer, done);
  }
  EXPECT_EQ(at_provider(order), "authorise approved; capture approved");
}

TEST_F(PaymentsTest, OneSilentOrderDoesNotHoldUpTheOthersOfItsBatch) {
  restart(/*pending_after_ms=*/30);
  const OrderCall refused = new_call();
  const OrderCall waiting = new_call();
  OrderCall foreign = refused;
  foreign.order_id = new_order();
  line_->fall_silent();
  const auto answers = ask(Ask::kPrepare, 1, {foreign, waiting});
  EXPECT_EQ(answers[0].answer, Answer::kRefused);
  EXPECT_EQ(answers[1].answer, Answer::kPending);
}

TEST_F(PaymentsTest, AbortDuringASilentAuthoriseIsAcknowledgedOnlyByTheProvider) {
  restart(/*pending_after_ms=*/30);
  const OrderCall order = new_call();
  line_->fall_silent();
  EXPECT_EQ(ask_one(Ask::kPrepare, 1, order).answer, Answer::kPending);
  EXPECT_EQ(ask_one(Ask::kAbort, 2, order).answer, Answer::kPending);
  line_->speak();
  // Authorise and cancel now race; whoever is first, nothing may stay authorised.
  while (ask_one(Ask::kAbort, 2, order).answer == Answer::kPending) {
  }
  EXPECT_EQ(ask_one(Ask::kAbort, 2, order).answer, Answer::kAborted);
  payments_.reset();  // waits for the authorise, if it is still under way
  const std::string end = at_provider(order);
  EXPECT_TRUE(end == "authorise closed" || end == "authorise approved; void approved") << end;
}

TEST_F(PaymentsTest, AnOlderLeaderHasNoEffect) {
  const OrderCall order = new_call();
  ask_one(Ask::kPrepare, 5, order);
  const OrderCall unknown = new_call();
  EXPECT_EQ(ask_one(Ask::kCommit, 4, order).answer, Answer::kStaleFence);
  EXPECT_EQ(ask_one(Ask::kPrepare, 4, unknown).answer, Answer::kStaleFence);
  EXPECT_EQ(at_provider(unknown), "");
  EXPECT_EQ(ask_one(Ask::kCommit, 6, order).answer, Answer::kCommitted);
}

TEST_F(PaymentsTest, ALeaderThatIsReplacedWhileTheProviderThinksHearsSo) {
  restart(/*pending_after_ms=*/10'000);
  const OrderCall order = new_call();
  line_->fall_silent();
  OrderAnswer old_answer;
  std::thread old_leader([&] { old_answer = ask_one(Ask::kPrepare, 1, order); });
  // The intent proves that the old leader's call is with the provider.
  while (ledger(order).empty()) {
  }
  ask_one(Ask::kPrepare, 2, OrderCall{order.order_id, "another", kPrice, {}});
  line_->speak();
  old_leader.join();
  EXPECT_EQ(old_answer.answer, Answer::kStaleFence);
  EXPECT_EQ(ask_one(Ask::kPrepare, 2, order).answer, Answer::kPrepared);
  EXPECT_EQ(at_provider(order), "authorise approved");
}

TEST_F(PaymentsTest, TheOrdersClockLivesInItsRow) {
  OrderCall order = new_call();
  causality::Recorder leader("executor-1.1");
  order.clock = leader.send("send Prepare");
  const auto prepared = ask_one(Ask::kPrepare, 1, order);
  std::vector<std::string> texts;
  for (const auto& event : prepared.events) texts.push_back(event.text);
  EXPECT_THAT(texts, ElementsAre("recv Prepare", "preparing", "prepared", "send Prepare reply"));
  EXPECT_EQ(prepared.clock.to_json(), "{\"executor-1.1\":1, \"payment\":4}");
  order.clock = leader.send("send Commit");
  const auto committed = ask_one(Ask::kCommit, 1, order);
  EXPECT_EQ(committed.clock.to_json(), "{\"executor-1.1\":2, \"payment\":8}");
  order.order_id = new_order();
  EXPECT_THAT(ask_one(Ask::kCommit, 1, order).events, IsEmpty());
}

TEST_F(PaymentsTest, MalformedCallsAreRefusedWhole) {
  const OrderCall order = new_call();
  const auto refused = [&](Ask what, uint64_t fence, const std::vector<OrderCall>& orders) {
    return payments_->call(what, fence, orders, deadline()).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(Ask::kPrepare, 0, {order}));
  EXPECT_TRUE(refused(Ask::kPrepare, 1, {{order.order_id, "", kPrice, {}}}));
  EXPECT_TRUE(refused(Ask::kPrepare, 1, {{order.order_id, order.token, {"EUR", 0}, {}}}));
  EXPECT_TRUE(refused(Ask::kCommit, 1, {{order.order_id, "", {"euro", 5}, {}}}));
  EXPECT_TRUE(refused(Ask::kAbort, 1, {{"ord_1", "", {}, {}}}));
  EXPECT_TRUE(refused(Ask::kAbort, 1, {order, order}));
}

TEST_F(PaymentsTest, TheDatabaseAllowsTheMovesOfTheTableAndNoOthers) {
  const std::set<std::pair<std::string, std::string>> allowed = {
      {"preparing", "prepared"},   {"preparing", "refused"},
      {"preparing", "committing"}, {"preparing", "aborting"},
      {"prepared", "committing"},  {"prepared", "aborting"},
      {"committing", "committed"}, {"committing", "capture_refused"},
      {"committing", "aborting"},  {"capture_refused", "aborting"},
      {"aborting", "aborted"}};
  const std::vector<std::string> states = {"preparing", "prepared",        "refused",  "committing",
                                           "committed", "capture_refused", "aborting", "aborted"};
  for (const auto& from : states) {
    for (const auto& to : states) {
      const auto row = sql({"SELECT payment.legal_move($1, $2) AS legal"}, {from, to});
      EXPECT_EQ(row[0].boolean("legal"), from == to || allowed.contains({from, to}))
          << from << " → " << to;
    }
  }
}

TEST_F(PaymentsTest, ABatchIsTwoTransactionsOfOurs) {
  std::vector<OrderCall> batch;
  for (size_t i = 0; i < kBatchOrdersMax; ++i) batch.push_back(new_call());
  for (const Ask what : {Ask::kPrepare, Ask::kCommit}) {
    for (const auto& answer : ask(what, 1, batch)) {
      EXPECT_EQ(answer.answer, what == Ask::kPrepare ? Answer::kPrepared : Answer::kCommitted);
    }
    // The rows were last written by the second, the ledger's outcomes with them.
    const auto written = sql({"SELECT count(*) AS rows, count(DISTINCT p.xmin::text) AS n, "
                              "  count(DISTINCT l.xmin::text) AS ledger "
                              "FROM payment.participant p JOIN payment.ledger l USING (order_id) "
                              "WHERE l.step = $1"},
                             {what == Ask::kPrepare ? "authorise" : "capture"});
    EXPECT_EQ(written[0].int64("rows"), 32);
    EXPECT_EQ(written[0].int64("n"), 1);
    EXPECT_EQ(written[0].int64("ledger"), 1);
  }
}

}  // namespace
}  // namespace bookstore::payment
