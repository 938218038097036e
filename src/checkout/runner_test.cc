// Whole checkouts, from the request to its answer and its row.
#include <algorithm>
#include <latch>
#include <set>

#include "base/bytes.h"
#include "checkout/runner_fixture.h"
#include "gmock/gmock.h"
#include "rpc/error_detail.h"

namespace bookstore::checkout {
namespace {

using testing::HasSubstr;

TEST_F(RunnerTest, AGoodOrderIsAcceptedAndWhatIsAnsweredIsInTheLog) {
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 202) << answer.body;
  const json::Object body = parse(answer);
  EXPECT_EQ(text(body, "status"), "accepted");
  EXPECT_EQ(header(answer, "Location"), "/v1/orders/" + text(body, "id"));
  EXPECT_THAT(answer.body, HasSubstr("A near book"));

  const orders::Order order = only_order();
  // The executor's projection makes the row `accepted`; nobody waits for that.
  EXPECT_EQ(order.state, State::kSubmitting);
  EXPECT_EQ(order.revision, 2);
  EXPECT_EQ(order.card_last4, "4242");
  EXPECT_EQ(order.total, (base::Money{"EUR", 2'598}));
  const auto submitted = services().submitted();
  ASSERT_EQ(submitted.size(), 1u);
  const auto& request = submitted.at(order.id.value);
  EXPECT_EQ(request.amount().minor(), 2'598);
  EXPECT_EQ(request.card_token(), "tok_" + order.id.value);
  EXPECT_GT(request.accept_before_ms(), platform_->clock.wall_ms() + 60'000);
}

TEST_F(RunnerTest, TheClockOfTheSubmissionKnowsEveryCheck) {
  ASSERT_EQ(checkout().status, 202);
  const auto request = services().submitted().begin()->second;
  const auto clock = causality::VectorClock::decode(request.clock());
  ASSERT_TRUE(clock.has_value());
  EXPECT_GE(clock->at("verification"), 6u) << "three calls, each received and answered";
  EXPECT_GE(clock->at("fraud"), 4u);
  EXPECT_GE(clock->at("suggestions"), 4u);
  EXPECT_GE(clock->at("orchestrator-1"), 16u) << clock->to_json();
  const auto later = causality::VectorClock::decode(only_order().clock);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(clock->compare(*later), causality::Order::kEqual) << "as the outcome was written";
}

TEST_F(RunnerTest, TheSameKeyReplaysTheSameBytes) {
  const Answer first = checkout();
  ASSERT_EQ(first.status, 202);
  const Answer second = checkout();
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(header(second, "Location"), header(first, "Location"));
  EXPECT_EQ(header(second, "Idempotency-Replayed"), "true");
  EXPECT_EQ(header(first, "Idempotency-Replayed"), "");
  EXPECT_EQ(services().submits(), 1u);
  EXPECT_EQ(count("orders.orders"), 1);
}

TEST_F(RunnerTest, TheSameKeyForAnotherCartOrAnotherShopper) {
  ASSERT_EQ(checkout().status, 202);
  const Answer reused = checkout(cart(3));
  EXPECT_EQ(reused.status, 422);
  EXPECT_EQ(code(reused), "key_reused");

  CheckoutRequest other = cart();
  other.customer.email = "grace@example.org";
  const Answer fresh = checkout(other);
  EXPECT_EQ(fresh.status, 202) << "another shopper's key is another key";
  EXPECT_EQ(header(fresh, "Idempotency-Replayed"), "");
}

TEST_F(RunnerTest, ManyRequestsWithOneKeyMakeOneOrder) {
  std::vector<std::future<Answer>> answers;
  for (int at = 0; at < 12; ++at) answers.push_back(begin(cart()));
  std::set<std::string> bodies;
  for (auto& future : answers) {
    const Answer answer = future.get();
    if (answer.status == 202) {
      bodies.insert(answer.body);
    } else {
      EXPECT_EQ(answer.status, 409) << answer.body;
      EXPECT_EQ(code(answer), "in_progress");
    }
  }
  EXPECT_EQ(bodies.size(), 1u);
  EXPECT_EQ(count("orders.orders"), 1);
  EXPECT_EQ(services().submits(), 1u);
}

TEST_F(RunnerTest, WhatIsWrongAtTheDoorCreatesNothing) {
  EXPECT_EQ(code(checkout(cart(), "")), "idempotency_key_missing");
  EXPECT_EQ(code(checkout(cart(), "a key")), "idempotency_key_invalid");
  CheckoutRequest unknown = cart();
  unknown.items.push_back({"nope", 1});
  const Answer answer = checkout(unknown);
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("/items/1/book_id"));
  CheckoutRequest wrong = cart();
  wrong.expected_total = base::Money{"EUR", 1};
  EXPECT_EQ(checkout(wrong).status, 409);
  EXPECT_EQ(count("orders.orders"), 0);
  EXPECT_EQ(checkout().status, 202) << "the key is still free";
}

TEST_F(RunnerTest, AFraudRefusalCancelsTheCallInFlightAndAnswersAtOnce) {
  std::latch billing_runs(1);
  std::promise<bool> billing_cancelled;
  set([&](FakeServices::Answers& answers) {
    answers.billing = [&](rpc::ServerCall& call, const auto&) {
      billing_runs.count_down();
      while (!call.cancelled() && !call.deadline().passed(platform_->clock)) {
        std::this_thread::yield();
      }
      billing_cancelled.set_value(call.cancelled() && !call.deadline().passed(platform_->clock));
      return contracts::verification::CheckReply();
    };
    answers.score = [&](rpc::ServerCall&, const auto&) {
      billing_runs.wait();
      contracts::fraud::ScoreOrderReply reply;
      reply.set_verdict(contracts::fraud::VERDICT_REJECT);
      reply.set_score(0.98);
      reply.add_reasons("velocity_card");
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(code(answer), "order_declined");
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("velocity"))) << "reasons are for operators";
  EXPECT_TRUE(billing_cancelled.get_future().get()) << "billing was not told to stop";
  EXPECT_EQ(services().tokenised(), 0u);
  EXPECT_EQ(services().submits(), 0u);
  EXPECT_EQ(only_order().reason, "order_declined");

  const Answer again = checkout();
  EXPECT_EQ(again.body, answer.body) << "a verdict keeps its key";
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "true");
}

TEST_F(RunnerTest, RefusedFieldsAreNamedAndAllOfThemTold) {
  set([](FakeServices::Answers& answers) {
    answers.card = [](rpc::ServerCall&, const auto&) {
      contracts::verification::CheckReply reply;
      for (const char* pointer : {"/card/number", "/card/expiry_month"}) {
        auto* error = reply.add_errors();
        error->set_pointer(pointer);
        error->set_code("wrong");
      }
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(code(answer), "card_invalid");
  EXPECT_THAT(answer.body, HasSubstr("/card/number"));
  EXPECT_THAT(answer.body, HasSubstr("/card/expiry_month"));
  EXPECT_EQ(services().tokenised(), 0u);
}

TEST_F(RunnerTest, ACardRefusedByTheVaultIsDeclined) {
  set([](FakeServices::Answers& answers) {
    answers.tokenise = [](rpc::ServerCall&, const auto&) {
      contracts::payment::TokeniseReply reply;
      reply.set_refusal_code("incorrect_cvc");
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(code(answer), "card_declined");
  EXPECT_THAT(answer.body, HasSubstr("/card/cvc"));
}

TEST_F(RunnerTest, WithoutVerificationNothingIsSoldAndTheKeyIsFree) {
  set([](FakeServices::Answers& answers) {
    answers.billing = [](rpc::ServerCall&, const auto&) { return down(); };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), "verification_unavailable");
  EXPECT_NE(header(answer, "Retry-After"), "");
  EXPECT_EQ(only_order().reason, "unavailable");
  EXPECT_EQ(services().submits(), 0u);

  set([](FakeServices::Answers& answers) { answers.billing = nullptr; });
  const Answer again = checkout();
  EXPECT_EQ(again.status, 202) << again.body;
  EXPECT_EQ(header(again, "Idempotency-Replayed"), "");
}

TEST_F(RunnerTest, WithoutPaymentNothingIsSoldAndTheKeyIsFree) {
  const auto good = [this] {
    FakeServices::Handler<FakeServices::Tokenise> tokenise;
    set([&](FakeServices::Answers& answers) { tokenise = answers.tokenise; });
    return tokenise;
  }();
  set([](FakeServices::Answers& answers) {
    answers.tokenise = [](rpc::ServerCall&, const auto&) { return down(); };
  });
  EXPECT_EQ(code(checkout()), "payment_unavailable");
  set([&](FakeServices::Answers& answers) { answers.tokenise = good; });
  EXPECT_EQ(checkout().status, 202);
}

TEST_F(RunnerTest, WithoutFraudTheAmountDecides) {
  set([](FakeServices::Answers& answers) {
    answers.score = [](rpc::ServerCall&, const auto&) { return down(); };
  });
  const Answer small = checkout(cart(1), "small");
  EXPECT_EQ(small.status, 202);
  EXPECT_EQ(text(parse(small), "status"), "accepted");
  EXPECT_THAT(small.body, HasSubstr(R"("degraded":["fraud"])"));

  const Answer large = checkout(cart(20), "large");
  EXPECT_EQ(large.status, 202);
  EXPECT_EQ(text(parse(large), "status"), "in_review");
  EXPECT_EQ(services().submits(), 1u) << "an order in review is not submitted";
  EXPECT_EQ(
      sql("SELECT policies FROM orders.orders WHERE state = 'in_review'")[0].texts("policies"),
      (std::vector<std::string>{"fraud_unavailable_in_review"}));
  EXPECT_EQ(checkout(cart(20), "large").body, large.body);
}

TEST_F(RunnerTest, SuggestionsNeverBlockASale) {
  set([](FakeServices::Answers& answers) {
    answers.suggest = [](rpc::ServerCall&, const auto&) { return down(); };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 202);
  EXPECT_THAT(answer.body, HasSubstr(R"("degraded":["suggestions"])"));
  EXPECT_EQ(only_order().degraded, (std::vector<std::string>{"suggestions"}));
}

TEST_F(RunnerTest, AServiceThatForgotTheOrderIsStartedAgain) {
  std::atomic<int> calls{0};
  set([&](FakeServices::Answers& answers) {
    answers.billing =
        [&](rpc::ServerCall& call,
            const auto& request) -> absl::StatusOr<contracts::verification::CheckReply> {
      if (++calls == 1) {
        return rpc::refuse(absl::StatusCode::kFailedPrecondition, "unknown_order", "who?");
      }
      EXPECT_EQ(request.order().restart(), 1u);
      EXPECT_EQ(call.order().epoch, (causality::Epoch{1, 1}));
      return contracts::verification::CheckReply();
    };
  });
  EXPECT_EQ(checkout().status, 202);
  EXPECT_EQ(calls, 2);
}

TEST_F(RunnerTest, WithoutALeaderNothingIsPromisedAndTheKeyIsFree) {
  set([](FakeServices::Answers& answers) {
    answers.status = [] { return contracts::executor::StatusReply(); };
    answers.submit = [](const auto&) {
      contracts::executor::SubmitReply reply;
      reply.set_outcome(contracts::executor::SUBMIT_OUTCOME_NOT_LEADER);
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), "no_leader");
  EXPECT_EQ(only_order().state, State::kRejected);
  EXPECT_EQ(count("orders.idempotency_key"), 0);
}

TEST_F(RunnerTest, AFullQueueIsTooManyRequests) {
  set([](FakeServices::Answers& answers) {
    answers.submit = [](const auto&) {
      contracts::executor::SubmitReply reply;
      reply.set_outcome(contracts::executor::SUBMIT_OUTCOME_QUEUE_FULL);
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(code(answer), "queue_full");
  EXPECT_EQ(only_order().reason, "queue_full");
}

// The executor takes the order and its answer is lost: the shopper asks again and hears of it.
TEST_F(RunnerTest, ALostReplyOfTheExecutorIsFoundAgainByTheSameKey) {
  set([this](FakeServices::Answers& answers) {
    answers.submit = [this](const contracts::executor::SubmitRequest& request)
        -> absl::StatusOr<contracts::executor::SubmitReply> {
      services().remember(request);
      return down();
    };
  });
  const Answer first = checkout();
  const Answer second = checkout();
  EXPECT_EQ(second.status, 202) << second.body;
  EXPECT_TRUE(first.status == 202 || code(first) == "outcome_unknown") << first.body;
  EXPECT_EQ(services().submits(), 1u) << "a started Submit is never sent again";
  EXPECT_EQ(count("orders.orders"), 1);
}

// Nobody knows whether the executor has it, and it has not: not the shopper but time moves it on.
TEST_F(RunnerTest, AnUnknownSubmissionIsTakenOverWhenItsLeaseIsOver) {
  start_platform(kShortRequestMs);
  const auto good = [this] {
    decltype(FakeServices::Answers::submit) submit;
    set([&](FakeServices::Answers& answers) { submit = answers.submit; });
    return submit;
  }();
  set([](FakeServices::Answers& answers) { answers.submit = [](const auto&) { return down(); }; });
  const Answer first = checkout();
  ASSERT_EQ(code(first), "outcome_unknown") << first.body;
  EXPECT_NE(header(first, "Location"), "");
  EXPECT_EQ(only_order().state, State::kSubmitting);
  EXPECT_EQ(code(checkout()), "in_progress") << "its lease is running";

  std::latch submitted(1);
  set([&](FakeServices::Answers& answers) {
    answers.submit = [&, good](const contracts::executor::SubmitRequest& request) {
      submitted.count_down();
      return good(request);
    };
  });
  lapse_leases();
  platform_->runner.start_takeover();
  submitted.wait();
  Answer later = checkout();
  while (later.status == 409) later = checkout();  // the taker's lease, until it has recorded
  EXPECT_EQ(later.status, 202) << later.body;
  EXPECT_EQ(services().submitted().size(), 1u);
  EXPECT_EQ(platform_->runner.counters().taken_over, 1u);
}

TEST_F(RunnerTest, TheShopperTakesALapsedSubmissionOver) {
  start_platform(kShortRequestMs);
  const auto good = [this] {
    decltype(FakeServices::Answers::submit) submit;
    set([&](FakeServices::Answers& answers) { submit = answers.submit; });
    return submit;
  }();
  set([](FakeServices::Answers& answers) { answers.submit = [](const auto&) { return down(); }; });
  ASSERT_EQ(code(checkout()), "outcome_unknown");
  set([&](FakeServices::Answers& answers) { answers.submit = good; });
  lapse_leases();
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(header(answer, "Idempotency-Replayed"), "true");
  EXPECT_EQ(only_order().state, State::kSubmitting);  // until the executor projects it
}

// While this request was refused, another orchestrator took its order over, and what that one sent
// may still arrive: only time, or the executor, may end the order now.
TEST_F(RunnerTest, WhoeverLostAnAttemptNeverRejectsForWantOfALeader) {
  std::atomic<int> submits{0};
  set([&](FakeServices::Answers& answers) {
    answers.submit = [&](const auto&) {
      if (++submits == 1) {
        sql("UPDATE orders.orders SET attempt = attempt + 1, "
            "lease_until = now() - interval '1 second'");
      }
      contracts::executor::SubmitReply reply;
      reply.set_outcome(contracts::executor::SUBMIT_OUTCOME_QUEUE_FULL);
      return reply;
    };
  });
  const Answer answer = checkout();
  EXPECT_EQ(code(answer), "outcome_unknown") << answer.body;
  EXPECT_EQ(submits, 2) << "once for each attempt";
  EXPECT_EQ(only_order().state, State::kSubmitting);
  EXPECT_EQ(count("orders.idempotency_key"), 1);
}

// The orchestrator died between the claim and the outcome; the shopper's retry finishes it.
TEST_F(RunnerTest, AnOrderLeftBehindIsRetakenAtItsOldPrice) {
  set([](FakeServices::Answers& answers) {
    answers.billing = [](rpc::ServerCall&, const auto&) { return down(); };
  });
  const Answer failed = checkout();
  ASSERT_EQ(failed.status, 503);
  const std::string id = only_order().id.value;
  // As a dead orchestrator leaves it: received, its key held, the lease over.
  sql("UPDATE orders.orders SET state = 'received', reason = NULL, answer_status = NULL, "
      "answer_body = NULL, lease_until = now() - interval '1 second'");
  sql("INSERT INTO orders.idempotency_key SELECT key_scope, key_hash, order_id FROM orders.orders");
  sql("UPDATE catalogue.book SET price_minor = 9900");
  set([](FakeServices::Answers& answers) { answers.billing = nullptr; });

  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(text(parse(answer), "id"), id);
  EXPECT_EQ(only_order().total.minor, 2'598) << "the price of the first claim stays";
  EXPECT_EQ(sql("SELECT attempt FROM orders.orders")[0].int64("attempt"), 2);
}

TEST_F(RunnerTest, NoRowAndNoAnswerHoldsTheCardNumberOrTheCode) {
  const Answer answer = checkout();
  ASSERT_EQ(answer.status, 202);
  EXPECT_THAT(answer.body, testing::Not(HasSubstr(kCardNumber)));
  for (const char* table : {"orders.orders", "orders.order_line", "orders.idempotency_key"}) {
    for (const std::string& secret :
         {std::string(kCardNumber), std::string("cvc"), base::to_hex(kCardNumber)}) {
      EXPECT_EQ(sql(std::string("SELECT count(*) AS n FROM ") + table + " t WHERE t::text LIKE '%" +
                    secret + "%'")[0]
                    .int64("n"),
                0)
          << secret << " in " << table;
    }
  }
}

TEST_F(RunnerTest, OneCheckoutTooManyIsToldToComeAgainAndCostsNothing) {
  start_platform(/*request_ms=*/15'000, /*active_max=*/1);
  std::latch checking(1), go_on(1);
  set([&](auto& answers) {
    answers.billing = [&](auto&, const auto&) -> absl::StatusOr<FakeServices::Billing::Reply> {
      checking.count_down();
      go_on.wait();
      return FakeServices::Billing::Reply();
    };
  });
  auto first = begin(cart(), "key-1");
  checking.wait();
  const Answer second = checkout(cart(), "key-2");
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(code(second), "overloaded");
  EXPECT_EQ(header(second, "Retry-After"), "1");
  EXPECT_EQ(count("orders.orders"), 1);
  go_on.count_down();
  EXPECT_EQ(first.get().status, 202);
  set([](auto& answers) { answers.billing = nullptr; });
  Answer again = checkout(cart(), "key-2");
  while (code(again) == "overloaded") again = checkout(cart(), "key-2");  // the first lets go
  EXPECT_EQ(again.status, 202) << "the key was left alone";
}

TEST_F(RunnerTest, WhenThePoolIsFullTheAnswerIsOverloaded) {
  // Every thread of the database's pool is busy, and as much waits as fits.
  std::latch release(1), busy(kDatabaseThreads);
  for (int thread = 0; thread < kDatabaseThreads; ++thread) {
    ASSERT_TRUE(platform_->database.try_submit([&] {
      busy.count_down();
      release.wait();
    }));
  }
  busy.wait();
  while (platform_->database.try_submit([] {})) {
  }
  const Answer answer = checkout();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(code(answer), "overloaded");
  release.count_down();
  platform_->database.stop();  // the latches must outlive the tasks
}

}  // namespace
}  // namespace bookstore::checkout
