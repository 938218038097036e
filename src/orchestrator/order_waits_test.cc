#include "orchestrator/order_waits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "causality/vector_clock.h"
#include "orchestrator/fake_exchange.h"
#include "orchestrator/order_route.h"

namespace bookstore::orchestrator {
namespace {

using executor_client::TransitionWatch;
using executor_client::WatchEvent;
using ::testing::HasSubstr;

constexpr char kOrderId[] = "ord_01J0000000000000000000000A";

// The row of one order and the executor's watch, as a test moves them.
class OrderWaitsTest : public ::testing::Test {
 protected:
  struct FakeSubscription final : TransitionWatch::Subscription {
    explicit FakeSubscription(OrderWaitsTest& test) : test_(test) {}
    ~FakeSubscription() override {
      const std::lock_guard lock(test_.mutex_);
      test_.listener_ = nullptr;
      --test_.subscriptions_;
    }
    OrderWaitsTest& test_;
  };

  OrderWaitsTest() {
    row_.id = {kOrderId};
    row_.state = orders::State::kAccepted;
    row_.revision = 3;
    row_.total = {"EUR", 100};
    ports_.database = &database_;
    ports_.clock = &clock_;
    ports_.read_order = [this](const base::OrderId& id,
                               base::Deadline) -> absl::StatusOr<orders::Order> {
      const std::lock_guard lock(mutex_);
      ++reads_;
      changed_.notify_all();
      if (!database_status_.ok()) return database_status_;
      if (id != row_.id) return absl::NotFoundError(id.value);
      return row_;
    };
    ports_.project = [this](const orders::Transition& transition, base::Deadline) {
      const std::lock_guard lock(mutex_);
      ++projections_;
      row_.state = transition.state;
      row_.reason = transition.reason;
      row_.clock = transition.clock;
      ++row_.revision;
      return absl::OkStatus();
    };
    ports_.ask_executor = [this](const base::OrderId&, base::Deadline, const auto& done) {
      absl::StatusOr<executor_client::OrderView> view;
      {
        const std::lock_guard lock(mutex_);
        ++lookups_;
        changed_.notify_all();
        view = executor_;
      }
      done(view);
    };
    ports_.subscribe = [this](const std::string&, TransitionWatch::Listener listener)
        -> absl::StatusOr<std::unique_ptr<TransitionWatch::Subscription>> {
      if (watch_full_) return absl::ResourceExhaustedError("full");
      const std::lock_guard lock(mutex_);
      listener_ = std::move(listener);
      ++subscriptions_;
      return std::make_unique<FakeSubscription>(*this);
    };
    waits_ = std::make_unique<OrderWaits>(ports_);
    add_order_route(router_, *waits_);
  }

  std::shared_ptr<FakeExchange> get(http::Headers headers = {},
                                    const std::string& order_id = kOrderId) {
    http::Request request{.method = "GET", .path = "/v1/orders/" + order_id};
    request.headers = std::move(headers);
    return serve(router_, std::move(request));
  }
  void tell(contracts::executor::OrderState state, uint64_t index, const std::string& reason = "") {
    WatchEvent event;
    event.kind = WatchEvent::Kind::kTransition;
    event.transition.set_order_id(kOrderId);
    event.transition.set_state(state);
    event.transition.set_index(index);
    event.transition.set_reason(reason);
    event.transition.set_clock(executor_clock());
    tell(event);
  }
  static std::string executor_clock() {
    causality::VectorClock clock;
    EXPECT_TRUE(clock.tick("executor-1.1"));
    return clock.encode();
  }
  void tell(const WatchEvent& event) {
    TransitionWatch::Listener listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    ASSERT_TRUE(listener) << "nobody listens";
    listener(event);
  }
  void change_row(orders::State state) {
    const std::lock_guard lock(mutex_);
    row_.state = state;
    ++row_.revision;
  }
  // Until a wait has read the row and asked the executor: from then on it only listens.
  void await_listening() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return lookups_ >= 1; }));
  }
  int reads() {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

  base::SystemClock clock_;
  std::mutex mutex_;  // guards what the ports touch
  std::condition_variable changed_;
  orders::Order row_;
  absl::StatusOr<executor_client::OrderView> executor_ = executor_client::OrderView{};
  absl::Status database_status_;
  TransitionWatch::Listener listener_;
  int reads_ = 0, lookups_ = 0, projections_ = 0, subscriptions_ = 0;
  bool watch_full_ = false;
  base::WorkerPool database_{"db", 1, 8};
  Ports ports_;
  http::Router router_;
  std::unique_ptr<OrderWaits> waits_;
};

TEST_F(OrderWaitsTest, WithoutAPreferenceTheOrderIsShownAtOnce) {
  const http::Response response = get()->answer();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("ETag"), "\"3\"");
  EXPECT_THAT(response.body, HasSubstr("\"status\":\"accepted\""));
  EXPECT_FALSE(response.headers.has("Preference-Applied"));
  EXPECT_EQ(subscriptions_, 0);
}

TEST_F(OrderWaitsTest, AClientThatHasItGets304) {
  EXPECT_EQ(get({{"If-None-Match", "\"3\""}})->answer().status, 304);
  EXPECT_EQ(get({{"If-None-Match", "\"2\""}})->answer().status, 200);
}

TEST_F(OrderWaitsTest, UnknownAndImpossibleIdsAre404) {
  EXPECT_EQ(get({}, "ord_01J0000000000000000000000B")->answer().status, 404);
  EXPECT_EQ(get({}, "ord_1")->answer().status, 404);
}

TEST_F(OrderWaitsTest, ALostDatabaseIs503) {
  database_status_ = absl::UnavailableError("connection refused");
  EXPECT_EQ(get()->answer().status, 503);
}

TEST_F(OrderWaitsTest, AWaitEndsWhenTheOrderComesToRest) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  EXPECT_FALSE(exchange->answered());
  change_row(orders::State::kCompleted);  // the leader's projection was first
  tell(contracts::executor::ORDER_STATE_COMPLETED, 9);
  const http::Response response = exchange->answer();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("\"status\":\"completed\""));
  EXPECT_EQ(response.headers.get("Preference-Applied"), "wait=30");
  EXPECT_EQ(projections_, 0);
}

TEST_F(OrderWaitsTest, ATransitionThatIsNotInTheRowYetIsBroughtThere) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  tell(contracts::executor::ORDER_STATE_FAILED, 9, "insufficient_stock");
  const std::string body = exchange->answer().body;
  EXPECT_THAT(body, HasSubstr("\"status\":\"failed\",\"reason\":\"insufficient_stock\""));
  EXPECT_THAT(body, HasSubstr("\"vector_clock\":{\"executor-1.1\":1}"));
  EXPECT_EQ(projections_, 1);
}

TEST_F(OrderWaitsTest, TransitionsThatCannotEndTheWaitCostNoRead) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  tell(contracts::executor::ORDER_STATE_EXECUTING, 8);
  tell(contracts::executor::ORDER_STATE_COMPLETED, 9);
  EXPECT_EQ(exchange->answer().status, 200);
  EXPECT_EQ(reads(), 3);  // at the start; before and after the projection
}

TEST_F(OrderWaitsTest, WithATagAnyChangeEndsTheWait) {
  const auto exchange = get({{"Prefer", "wait=30"}, {"If-None-Match", "\"3\""}});
  await_listening();
  tell(contracts::executor::ORDER_STATE_EXECUTING, 8);
  const http::Response response = exchange->answer();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("\"status\":\"executing\""));
}

TEST_F(OrderWaitsTest, WhatWasToldBeforeWeListenedIsAskedFor) {
  executor_ = executor_client::OrderView{contracts::executor::ORDER_STATE_COMPLETED, "", 9};
  const auto exchange = get({{"Prefer", "wait=30"}});  // the row still says accepted
  EXPECT_THAT(exchange->answer().body, HasSubstr("\"status\":\"completed\""));
  EXPECT_EQ(projections_, 1);
}

TEST_F(OrderWaitsTest, AGapInTheWatchMakesTheExecutorBeAskedAgain) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  {
    const std::lock_guard lock(mutex_);
    executor_ = executor_client::OrderView{contracts::executor::ORDER_STATE_COMPLETED, "", 9};
  }
  tell(WatchEvent{});
  EXPECT_THAT(exchange->answer().body, HasSubstr("\"status\":\"completed\""));
}

TEST_F(OrderWaitsTest, AGapWithoutAnExecutorToAskMakesTheRowBeReadAgain) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  change_row(orders::State::kCompleted);
  {
    const std::lock_guard lock(mutex_);
    executor_ = absl::UnavailableError("no member answered");
  }
  tell(WatchEvent{});
  EXPECT_THAT(exchange->answer().body, HasSubstr("\"status\":\"completed\""));
}

TEST_F(OrderWaitsTest, AnOrderAtRestIsNotWaitedFor) {
  for (const auto state : {orders::State::kCompleted, orders::State::kInReview,
                           orders::State::kNeedsAttention, orders::State::kRejected}) {
    change_row(state);
    EXPECT_EQ(get({{"Prefer", "wait=30"}})->answer().status, 200);
  }
}

TEST_F(OrderWaitsTest, AtTheEndOfItsTimeAWaitShowsTheOrderAsItIs) {
  const http::Response response = get({{"Prefer", "wait=1"}})->answer();
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("\"status\":\"accepted\""));
  EXPECT_EQ(waits_->waiting(), 0u);
}

TEST_F(OrderWaitsTest, WhenTooManyWaitTheAnswerComesAtOnce) {
  watch_full_ = true;
  EXPECT_EQ(get({{"Prefer", "wait=30"}})->answer().status, 200);
}

TEST_F(OrderWaitsTest, ADrainingProcessEndsItsWaits) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  waits_->stop();
  EXPECT_EQ(exchange->answer().status, 200);
  EXPECT_EQ(get({{"Prefer", "wait=30"}})->answer().status, 200);
}

TEST_F(OrderWaitsTest, ALostClientEndsItsWait) {
  const auto exchange = get({{"Prefer", "wait=30"}});
  await_listening();
  exchange->lose_client();
  EXPECT_EQ(waits_->waiting(), 0u);
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(subscriptions_, 0);
}

TEST_F(OrderWaitsTest, TheDestructorWaitsForEveryAnswer) {
  std::vector<std::shared_ptr<FakeExchange>> exchanges;
  for (int i = 0; i < 5; ++i) exchanges.push_back(get({{"Prefer", "wait=30"}}));
  waits_.reset();
  for (const auto& exchange : exchanges) EXPECT_TRUE(exchange->answered());
}

TEST_F(OrderWaitsTest, ARowThatIsSubmittingSaysWhatTheExecutorKnows) {
  row_.state = orders::State::kSubmitting;
  executor_ = executor_client::OrderView{contracts::executor::ORDER_STATE_COMPLETED, "", 9,
                                         executor_clock()};
  EXPECT_THAT(get()->answer().body, HasSubstr("\"status\":\"completed\""));
  EXPECT_EQ(projections_, 1) << "and the row knows it, too";
}

TEST_F(OrderWaitsTest, ARowThatIsSubmittingIsShownWhereTheExecutorDoesNotKnowIt) {
  row_.state = orders::State::kSubmitting;
  EXPECT_THAT(get()->answer().body, HasSubstr("\"status\":\"submitting\""));
  EXPECT_EQ(lookups_, 1);
  executor_ = absl::UnavailableError("away");
  EXPECT_THAT(get()->answer().body, HasSubstr("\"status\":\"submitting\""));
  EXPECT_EQ(lookups_, 2);
  change_row(orders::State::kAccepted);
  EXPECT_EQ(get()->answer().status, 200);
  EXPECT_EQ(lookups_, 2) << "any other state is asked of nobody";
}

TEST_F(OrderWaitsTest, AnOrderThatAnOrchestratorRejectsEndsTheWaitAtOnce) {
  const auto waiting = get({{"Prefer", "wait=30"}});
  const auto also = get({{"Prefer", "wait=30"}});
  await_listening();
  waits_->moved("ord_01J0000000000000000000000B");
  EXPECT_FALSE(waiting->answered());
  change_row(orders::State::kRejected);
  waits_->moved(kOrderId);
  EXPECT_THAT(waiting->answer().body, HasSubstr("\"status\":\"rejected\""));
  EXPECT_EQ(also->answer().status, 200);
}

// What was moved while nobody listened is found when the listener is back.
TEST_F(OrderWaitsTest, AfterAGapEveryWaitLooksAgain) {
  const auto waiting = get({{"Prefer", "wait=30"}});
  await_listening();
  change_row(orders::State::kRejected);
  waits_->all_may_have_moved();
  EXPECT_THAT(waiting->answer().body, HasSubstr("\"status\":\"rejected\""));
}

}  // namespace
}  // namespace bookstore::orchestrator
