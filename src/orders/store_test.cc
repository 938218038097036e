#include "orders/store.h"

#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "causality/vector_clock.h"
#include "gtest/gtest.h"
#include "orders/store_fixture.h"

namespace bookstore::orders {
namespace {

TEST_F(OrdersStore, AClaimedOrderIsReadAsItWasClaimed) {
  const Claim claimed = new_claim();
  const Held held = claim(claimed);
  EXPECT_EQ(held.attempt, 1);
  EXPECT_NEAR(static_cast<double>(held.database_ms), static_cast<double>(clock_.wall_ms()), 5'000);

  const Order order = read(claimed.order_id);
  EXPECT_EQ(order.state, State::kReceived);
  EXPECT_EQ(order.revision, 1);
  EXPECT_EQ(order.lines, claimed.lines);
  EXPECT_EQ(order.total, claimed.total);
  EXPECT_EQ(order.shipping_class, ShippingClass::kExpress);

  const auto record = find(claimed);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->order_id, claimed.order_id);
  EXPECT_TRUE(record->found.same_fingerprint);
  EXPECT_FALSE(record->found.expired);
  EXPECT_GT(record->found.lease_left_ms, 0);
  EXPECT_LE(record->found.lease_left_ms, 5'000);
  EXPECT_EQ(decide_key(record->found).verdict, KeyVerdict::kInProgress);
  EXPECT_EQ(store_->read({"ord_00000000000000000000000000"}, deadline()).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(OrdersStore, OneOfManyRequestsWithOneKeyClaimsIt) {
  constexpr int kRequests = 8;
  std::vector<Claim> claims;
  for (int at = 0; at < kRequests; ++at) claims.push_back(new_claim());
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (const Claim& each : claims) {
    threads.emplace_back([&, each] {
      const auto held = store_->claim(each, deadline());
      if (held.ok()) ++won;
      if (held.status().code() == absl::StatusCode::kAlreadyExists) ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kRequests - 1);
  const auto rows =
      database().pool().query({"SELECT count(*) AS n FROM orders.orders"}, {}, deadline());
  EXPECT_EQ((*rows)[0].int64("n"), 1) << "a lost claim left an order behind";
}

TEST_F(OrdersStore, AnotherBodyUnderTheSameKeyIsNoticed) {
  Claim claimed = new_claim();
  claim(claimed);
  claimed.fingerprint = std::string(32, 'g');
  EXPECT_EQ(decide_key(find(claimed)->found).verdict, KeyVerdict::kReused);
}

TEST_F(OrdersStore, ALapsedLeaseIsRetakenOnceWithTheSamePrices) {
  const Claim claimed = new_claim();
  const Held first = claim(claimed);
  auto early = store_->retake(first.order_id, 1, 5'000, deadline());
  ASSERT_TRUE(early.ok());
  EXPECT_FALSE(early->has_value()) << "the lease was still running";

  lapse_leases();
  EXPECT_EQ(decide_key(find(claimed)->found).verdict, KeyVerdict::kRetake);
  auto second = store_->retake(first.order_id, 1, 5'000, deadline());
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ((*second)->attempt, 2);
  EXPECT_EQ((*second)->lines, claimed.lines);
  EXPECT_EQ((*second)->total, claimed.total);
  EXPECT_FALSE(store_->retake(first.order_id, 1, 5'000, deadline())->has_value());

  EXPECT_FALSE(write(outcome(first, State::kSubmitting))) << "an old attempt decided the order";
  EXPECT_TRUE(write(outcome(**second, State::kSubmitting)));
}

TEST_F(OrdersStore, AnOutcomeIsWrittenOnceAndItsBytesAreReplayed) {
  const Claim claimed = new_claim();
  const Held held = claim(claimed);
  Outcome written = outcome(held, State::kSubmitting);
  written.card_brand = "visa";
  written.card_last4 = "4242";
  written.card_token = "tok";
  written.fraud_verdict = "approve";
  written.fraud_score = 0.07;
  written.degraded = {"suggestions"};
  written.suggestions_json = R"([{"book_id":"bk_0003"}])";
  written.answer.body = "{\"exact\": \"bytes \xC3\xA9\"}\n";
  EXPECT_TRUE(write(written));
  EXPECT_FALSE(write(written)) << "written twice";

  const auto record = find(claimed);
  EXPECT_EQ(record->answer.status, 202);
  EXPECT_EQ(record->answer.body, written.answer.body);
  EXPECT_EQ(decide_key(record->found).verdict, KeyVerdict::kAskExecutor);
  const Order order = read(held.order_id);
  EXPECT_EQ(order.state, State::kSubmitting);
  EXPECT_EQ(order.revision, 2);
  EXPECT_EQ(order.card_last4, "4242");
  EXPECT_EQ(order.degraded, written.degraded);
  EXPECT_EQ(order.suggestions_json, written.suggestions_json);
  EXPECT_EQ(order.clock, written.clock);
}

TEST_F(OrdersStore, AVerdictKeepsTheKeyAndAnythingElseFreesIt) {
  const Claim declined = new_claim("declined");
  EXPECT_TRUE(write(outcome(claim(declined), State::kRejected, "order_declined")));
  EXPECT_EQ(decide_key(find(declined)->found).verdict, KeyVerdict::kReplay);

  const Claim unlucky = new_claim("unlucky");
  EXPECT_TRUE(write(outcome(claim(unlucky), State::kRejected, "unavailable")));
  EXPECT_FALSE(find(unlucky).has_value());
  Claim again = new_claim("unlucky");
  EXPECT_EQ(claim(again).attempt, 1) << "the freed key can be claimed by a new order";
}

TEST_F(OrdersStore, AcceptedIsWrittenByTheSubmittingAttemptAlone) {
  const Held held = submitting();
  EXPECT_FALSE(*store_->accept(held.order_id, held.attempt + 1, 7, "c", deadline()));
  EXPECT_TRUE(*store_->accept(held.order_id, held.attempt, 7, "c", deadline()));
  EXPECT_FALSE(*store_->accept(held.order_id, held.attempt, 7, "c", deadline()));
  EXPECT_EQ(read(held.order_id).state, State::kAccepted);
  EXPECT_EQ(read(held.order_id).revision, 3);
}

TEST_F(OrdersStore, ARefusedSubmissionFreesTheKey) {
  const Claim claimed = new_claim();
  const Held held = claim(claimed);
  write(outcome(held, State::kSubmitting));
  EXPECT_TRUE(
      *store_->reject_submitting(held.order_id, 1, kReasonNoLeader, {503, "{}"}, deadline()));
  EXPECT_EQ(read(held.order_id).state, State::kRejected);
  EXPECT_EQ(read(held.order_id).reason, "no_leader");
  EXPECT_FALSE(find(claimed).has_value());
}

TEST_F(OrdersStore, LapsedSubmissionsAreTakenOverByOneWorkerEach) {
  std::set<std::string> expected;
  for (int at = 0; at < 10; ++at) expected.insert(submitting().order_id.value);
  EXPECT_TRUE(store_->take_over_lapsed(100, 5'000, 120'000, deadline())->empty())
      << "leases are running";
  lapse_leases();

  std::vector<std::vector<TakenOver>> taken(4);
  std::vector<std::thread> workers;
  for (auto& mine : taken) {
    workers.emplace_back([&] { mine = *store_->take_over_lapsed(4, 5'000, 120'000, deadline()); });
  }
  for (std::thread& worker : workers) worker.join();
  std::multiset<std::string> seen;
  for (const auto& mine : taken) {
    for (const TakenOver& each : mine) {
      seen.insert(each.order_id.value);
      EXPECT_EQ(each.attempt, 2);
      EXPECT_EQ(each.submit_bytes, std::string("sub\0mit", 7));
      EXPECT_EQ(each.answer.status, 202);
    }
  }
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), seen.size()) << "taken twice";
  const auto left = store_->take_over_lapsed(100, 5'000, 120'000, deadline());
  ASSERT_TRUE(left.ok()) << left.status();
  for (const TakenOver& each : *left) seen.insert(each.order_id.value);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), expected);
}

TEST_F(OrdersStore, TheOldAttemptCannotRejectWhatWasTakenOver) {
  const Held held = submitting();
  lapse_leases();
  const auto taken = store_->take_over(held.order_id, 1, 5'000, 120'000, deadline());
  ASSERT_TRUE(taken.ok() && taken->has_value());
  EXPECT_EQ((*taken)->attempt, 2);
  EXPECT_FALSE(store_->take_over(held.order_id, 2, 5'000, 120'000, deadline())->has_value());
  EXPECT_FALSE(
      *store_->reject_submitting(held.order_id, 1, kReasonNoLeader, {503, "{}"}, deadline()));
  EXPECT_EQ(read(held.order_id).state, State::kSubmitting);
}

TEST_F(OrdersStore, OnlyLongAbandonedOrdersAreRejectedAsSuch) {
  const Claim old = new_claim("old");
  claim(old);
  lapse_leases("11 minutes");
  const Claim young = new_claim("young");
  claim(young);
  lapse_leases("1 minute");
  EXPECT_EQ(*store_->reject_abandoned(10, deadline()), 1);
  EXPECT_EQ(read(old.order_id).reason, "abandoned");
  EXPECT_EQ(read(young.order_id).state, State::kReceived);
  EXPECT_FALSE(find(old).has_value());
  EXPECT_TRUE(find(young).has_value());
}

TEST_F(OrdersStore, AKeyExpiresOnlyWhenItsOrderIsDecided) {
  const Claim undecided = new_claim("undecided");
  claim(undecided);
  const Claim decided = new_claim("decided");
  write(outcome(claim(decided), State::kRejected, "order_declined"));
  expire_keys();
  EXPECT_EQ(decide_key(find(decided)->found).verdict, KeyVerdict::kNew);
  Claim next = new_claim("decided");
  next.replaces_expired_key = true;
  EXPECT_EQ(claim(next).attempt, 1);
  EXPECT_EQ(find(decided)->order_id, next.order_id);

  expire_keys();
  EXPECT_EQ(*store_->remove_expired_keys(10, deadline()), 0) << "both orders are undecided";
  Claim replacing = new_claim("undecided");
  replacing.replaces_expired_key = true;
  EXPECT_EQ(store_->claim(replacing, deadline()).status().code(), absl::StatusCode::kAlreadyExists);
}

// Random transitions of random orders in random batches: the rows end where the pure function,
// applied one by one, puts them; the report agrees.
TEST_F(OrdersStore, TheProjectionInSqlAgreesWithThePureTable) {
  std::vector<Held> orders;
  for (int at = 0; at < 6; ++at) orders.push_back(submitting());
  std::vector<Projected> model(orders.size(), {State::kSubmitting, 0});
  constexpr std::array kTargets = {State::kAccepted,       State::kExecuting, State::kCompleted,
                                   State::kNeedsAttention, State::kFailed,    State::kCanceled};
  for (int round = 0; round < 60; ++round) {
    std::vector<Transition> batch;
    std::set<size_t> chosen;
    ProjectionReport expected;
    for (int pick = 0; pick < 3; ++pick) {
      const size_t at = random_.below(orders.size());
      if (!chosen.insert(at).second) continue;
      const Projected to{kTargets[random_.below(kTargets.size())], 1 + random_.below(40)};
      batch.push_back({orders[at].order_id, to.state, "", to.executor_index});
      switch (judge_projection(model[at], to)) {
        case Projection::kApply:
          model[at] = to;
          ++expected.applied;
          break;
        case Projection::kKnown:
          ++expected.known;
          break;
        case Projection::kOlder:
          ++expected.older;
          break;
        case Projection::kIllegal:
          ++expected.illegal;
          break;
      }
    }
    const auto report = store_->project(batch, deadline());
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->applied, expected.applied);
    EXPECT_EQ(report->known, expected.known);
    EXPECT_EQ(report->older, expected.older);
    EXPECT_EQ(report->illegal, expected.illegal);
  }
  for (size_t at = 0; at < orders.size(); ++at) {
    EXPECT_EQ(read(orders[at].order_id).state, model[at].state);
  }
}

TEST_F(OrdersStore, OfOneOrderInABatchTheNewestTransitionCounts) {
  const Held held = submitting();
  const auto report =
      store_->project({{{held.order_id, State::kCompleted, "", 9},
                        {held.order_id, State::kAccepted, "", 5},
                        {held.order_id, State::kExecuting, "", 6},
                        {{"ord_00000000000000000000000000"}, State::kFailed, "", 1}}},
                      deadline());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->applied, 1u);
  EXPECT_EQ(report->unknown, 1u);
  EXPECT_EQ(read(held.order_id).state, State::kCompleted);
  EXPECT_EQ(read(held.order_id).revision, 4) << "accepted (3) was passed on the way";
}

// docs/adr/0006: the executor keeps a finished id until the newest accept_before of its row.
TEST_F(OrdersStore, ATerminalProjectionSaysTheNewestAcceptBefore) {
  const Held held = submitting();
  const auto accept_before = [&](State state, uint64_t index) {
    const std::vector<Transition> batch = {{held.order_id, state, "", index}};
    const auto report = store_->project(batch, deadline());
    EXPECT_TRUE(report.ok()) << report.status();
    return report->settled.empty() ? 0 : report->settled[0].accept_before_ms;
  };
  EXPECT_EQ(accept_before(State::kExecuting, 5), 0) << "not terminal";
  // As the takeover of an approved order does while it is still submitting.
  constexpr postgres::Statement kTakenOver{
      "UPDATE orders.orders SET accept_before = accept_before + interval '1 hour' "
      "WHERE order_id = $1"};
  ASSERT_TRUE(database().pool().query(kTakenOver, {held.order_id.value}, deadline()).ok());
  const base::WallMs newest_ms = held.database_ms + 120'000 + 3'600'000;
  EXPECT_EQ(accept_before(State::kCompleted, 6), newest_ms);
  EXPECT_EQ(accept_before(State::kCompleted, 6), newest_ms) << "projected once more";
  EXPECT_EQ(accept_before(State::kFailed, 9), 0) << "illegal: this order must not be retired";
}

TEST_F(OrdersStore, TheProjectedClockIsJoinedWithTheRowsOwn) {
  const Held held = submitting();
  causality::VectorClock row, moved;
  ASSERT_TRUE(row.tick("orchestrator-1") && row.tick("orchestrator-1"));
  ASSERT_TRUE(moved.tick("orchestrator-1") && moved.tick("executor-1.1"));
  ASSERT_TRUE(store_->accept(held.order_id, 1, 5, row.encode(), deadline()).value_or(false));
  ASSERT_TRUE(
      store_->project({{{held.order_id, State::kExecuting, "", 6, moved.encode()}}}, deadline())
          .ok());
  const auto clock = causality::VectorClock::decode(read(held.order_id).clock);
  ASSERT_TRUE(clock.has_value());
  EXPECT_EQ(clock->at("orchestrator-1"), 2u);
  EXPECT_EQ(clock->at("executor-1.1"), 1u);
  // A transition without a clock leaves the row's.
  ASSERT_TRUE(store_->project({{{held.order_id, State::kCompleted, "", 7}}}, deadline()).ok());
  EXPECT_EQ(read(held.order_id).clock, clock->encode());
}

TEST_F(OrdersStore, UnfinishedOrdersAreListedInPages) {
  std::set<std::string> expected;
  for (int at = 0; at < 5; ++at) expected.insert(submitting().order_id.value);
  const Held done = submitting();
  const std::vector<Transition> end = {{done.order_id, State::kFailed, "out_of_stock", 3}};
  ASSERT_TRUE(store_->project(end, deadline()).ok());
  EXPECT_EQ(read(done.order_id).reason, "out_of_stock");
  claim(new_claim("received"));

  std::set<std::string> seen;
  std::string after;
  while (true) {
    const auto page = store_->unfinished(after, 2, deadline());
    ASSERT_TRUE(page.ok()) << page.status();
    if (page->empty()) break;
    for (const Unfinished& each : *page) seen.insert(each.order_id.value);
    after = page->back().order_id.value;
  }
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace bookstore::orders
