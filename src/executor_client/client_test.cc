// The client against members that are real on the wire and do whatever a test wants.
#include "executor_client/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

#include "base/status.h"
#include "executor_client/fake_executor.h"
#include "rpc/error_detail.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;
using Kind = SubmitResult::Kind;

constexpr const char* kNobodyListens = "127.0.0.1:1";

class ClientTest : public ::testing::Test {
 protected:
  void connect(std::vector<std::string> members) {
    client_ =
        std::make_unique<Client>(Client::Config{.members = std::move(members)}, clock_, random_);
  }
  Client::CallScope within(base::DurationMs duration_ms) {
    return {.deadline = base::Deadline::after(clock_, duration_ms)};
  }
  SubmitResult submit(base::DurationMs within_ms = 5'000) {
    executor::SubmitRequest request;
    request.set_order_id("ord_1");
    std::promise<SubmitResult> ended;
    client_->submit(request, within(within_ms), [&](auto result) { ended.set_value(result); });
    return ended.get_future().get();
  }
  absl::StatusOr<OrderView> get_order() {
    std::promise<absl::StatusOr<OrderView>> ended;
    client_->get_order("ord_1", within(5'000), [&](auto view) { ended.set_value(view); });
    return ended.get_future().get();
  }
  absl::StatusOr<AdminResult> administer(void (Client::*method)(
      const std::string&, Client::CallScope, std::function<void(absl::StatusOr<AdminResult>)>)) {
    std::promise<absl::StatusOr<AdminResult>> ended;
    ((*client_).*method)("ord_1", within(5'000), [&](auto result) { ended.set_value(result); });
    return ended.get_future().get();
  }
  static executor::SubmitReply answer(executor::SubmitOutcome outcome,
                                      const std::string& hint = "") {
    executor::SubmitReply reply;
    reply.set_outcome(outcome);
    reply.set_leader_hint(hint);
    return reply;
  }
  static executor::StatusReply follower() {
    executor::StatusReply reply;
    reply.set_leader(false);
    return reply;
  }
  static executor::GetOrderReply in_state(executor::OrderState state, uint64_t index) {
    executor::GetOrderReply reply;
    reply.set_state(state);
    reply.set_index(index);
    return reply;
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  FakeExecutor a_, b_, c_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, ProbesForTheLeaderOnceAndThenRemembersIt) {
  std::atomic<int> probes{0};
  a_.status = [&] {
    ++probes;
    return follower();
  };
  a_.submit = [](const auto&) { return answer(executor::SUBMIT_OUTCOME_NOT_LEADER); };
  const std::string leader = b_.start(clock_);
  connect({a_.start(clock_), leader});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(submit().kind, Kind::kAccepted);
  EXPECT_EQ(probes, 1);
  EXPECT_EQ(client_->leader(), leader);
  EXPECT_EQ(client_->counters().accepted, 5u);
}

TEST_F(ClientTest, FollowsTheHintOfAMemberThatLedAMomentAgo) {
  const std::string b = b_.start(clock_);
  std::atomic<bool> deposed{false};
  a_.submit = [&](const auto&) {
    return deposed ? answer(executor::SUBMIT_OUTCOME_NOT_LEADER, b)
                   : answer(executor::SUBMIT_OUTCOME_ACCEPTED);
  };
  b_.status = [] { return follower(); };
  const std::string a = a_.start(clock_);
  connect({a, b});
  ASSERT_EQ(submit().kind, Kind::kAccepted);
  ASSERT_EQ(client_->leader(), a);
  deposed = true;
  EXPECT_EQ(submit().kind, Kind::kAccepted);
  EXPECT_EQ(client_->leader(), b);
}

TEST_F(ClientTest, AnExecutorThatIsDownIsACleanRefusal) {
  connect({kNobodyListens});
  const SubmitResult result = submit();
  EXPECT_EQ(result.kind, Kind::kRefused);
  EXPECT_EQ(result.refusal, "no_leader");
}

TEST_F(ClientTest, WaitsForAnElectionThatEndsInTime) {
  std::atomic<int> probes{0};
  a_.status = [&] {
    executor::StatusReply reply = follower();
    reply.set_leader(++probes >= 4);
    return reply;
  };
  connect({a_.start(clock_)});
  EXPECT_EQ(submit().kind, Kind::kAccepted);
}

TEST_F(ClientTest, TheMachinesRefusalsComeThrough) {
  std::atomic<executor::SubmitOutcome> outcome{executor::SUBMIT_OUTCOME_QUEUE_FULL};
  a_.submit = [&](const auto&) { return answer(outcome); };
  connect({a_.start(clock_)});
  EXPECT_EQ(submit().refusal, "queue_full");
  outcome = executor::SUBMIT_OUTCOME_EXPIRED;
  EXPECT_EQ(submit().refusal, "expired");
  outcome = executor::SUBMIT_OUTCOME_CLOCK_SKEW;
  EXPECT_EQ(submit().refusal, "clock_skew");
}

TEST_F(ClientTest, ASubmitThatFailedIsNeverSentAgainButAskedFor) {
  std::atomic<int> submits{0}, asks{0};
  a_.submit = [&](const auto&) -> absl::StatusOr<executor::SubmitReply> {
    ++submits;
    return absl::UnavailableError("lost");
  };
  a_.get_order = [&](const auto&) {
    return ++asks < 3 ? executor::GetOrderReply() : in_state(executor::ORDER_STATE_EXECUTING, 9);
  };
  connect({a_.start(clock_)});
  const SubmitResult result = submit();
  EXPECT_EQ(result.kind, Kind::kKnown);
  EXPECT_EQ(result.state, executor::ORDER_STATE_EXECUTING);
  EXPECT_EQ(result.index, 9u);
  EXPECT_EQ(submits, 1);
}

TEST_F(ClientTest, EvenARefusalByTheServersPoolProvesNothing) {
  a_.submit = [](const auto&) -> absl::StatusOr<executor::SubmitReply> {
    return rpc::refuse(absl::StatusCode::kResourceExhausted, "overloaded", "full", true);
  };
  connect({a_.start(clock_)});
  EXPECT_EQ(submit(300).kind, Kind::kUnknown);
}

TEST_F(ClientTest, WhenNobodyCanSayTheOutcomeIsUnknownAtTheDeadline) {
  std::latch release(1);
  a_.submit = [&](const auto&) {
    release.wait();
    return answer(executor::SUBMIT_OUTCOME_ACCEPTED);
  };
  connect({a_.start(clock_)});
  EXPECT_EQ(submit(700).kind, Kind::kUnknown) << "the machine does not know it yet";
  release.count_down();
  a_.server.reset();  // the handler leaves before its latch does
}

TEST_F(ClientTest, AnyMemberMaySayThatTheMachineHasTheOrder) {
  a_.submit = [&](const auto&) -> absl::StatusOr<executor::SubmitReply> {
    return absl::UnavailableError("lost");
  };
  a_.get_order = [](const auto&) -> absl::StatusOr<executor::GetOrderReply> {
    return absl::UnavailableError("gone");
  };
  b_.status = c_.status = [] { return follower(); };
  c_.get_order = [](const auto&) { return in_state(executor::ORDER_STATE_ACCEPTED, 4); };
  connect({a_.start(clock_), b_.start(clock_), c_.start(clock_)});
  const SubmitResult result = submit();
  EXPECT_EQ(result.kind, Kind::kKnown);
  EXPECT_EQ(result.state, executor::ORDER_STATE_ACCEPTED);
}

TEST_F(ClientTest, AnOutcomeThatThisBuildDoesNotKnowProvesNothing) {
  a_.submit = [](const auto&) { return answer(executor::SUBMIT_OUTCOME_UNSPECIFIED); };
  connect({a_.start(clock_)});
  EXPECT_EQ(submit(200).kind, Kind::kUnknown);
}

TEST_F(ClientTest, ALeaderThatDiedIsProbedFirstWhenItWasHeardOfLongAgo) {
  client_ = std::make_unique<Client>(
      Client::Config{.members = {a_.start(clock_)}, .leader_fresh_ms = -1}, clock_, random_);
  ASSERT_EQ(submit().kind, Kind::kAccepted);
  a_.server.reset();
  EXPECT_EQ(submit().kind, Kind::kRefused) << "nothing was started, so nothing is unknown";
}

TEST_F(ClientTest, AnOpenCircuitIsARefusalBecauseNothingWasSent) {
  connect({kNobodyListens});
  for (int i = 0; i < 12; ++i) {
    const SubmitResult result = submit(200);
    ASSERT_EQ(result.kind, Kind::kRefused);
    ASSERT_EQ(result.refusal, "no_leader");
  }
}

TEST_F(ClientTest, ReadingFindsTheLatestStateThatAnyMemberKnows) {
  a_.get_order = [](const auto&) { return executor::GetOrderReply(); };
  b_.get_order = [](const auto&) { return in_state(executor::ORDER_STATE_COMPLETED, 7); };
  connect({a_.start(clock_), b_.start(clock_), kNobodyListens});
  const auto view = get_order();
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->state, executor::ORDER_STATE_COMPLETED);
  EXPECT_EQ(view->index, 7u);
}

TEST_F(ClientTest, AnOrderNobodyKnowsIsNotTheSameAsNobodyThere) {
  connect({a_.start(clock_)});
  const auto unknown = get_order();
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_EQ(unknown->state, executor::ORDER_STATE_UNSPECIFIED);
  connect({kNobodyListens});
  EXPECT_EQ(get_order().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ClientTest, StatusSaysForEveryMemberWhatItSaidOrWhyNot) {
  const std::string a = a_.start(clock_);
  connect({a, kNobodyListens});
  std::promise<std::vector<MemberStatus>> ended;
  client_->status(within(5'000), [&](auto statuses) { ended.set_value(std::move(statuses)); });
  const auto statuses = ended.get_future().get();
  ASSERT_EQ(statuses.size(), 2u);
  EXPECT_EQ(statuses[0].address, a);
  EXPECT_TRUE(statuses[0].status.ok() && statuses[0].status->leader());
  EXPECT_FALSE(statuses[1].status.ok());
  EXPECT_EQ(client_->leader(), a);
}

TEST_F(ClientTest, DestroyingItEndsWhatIsInFlightHonestly) {
  std::latch entered(1), release(1);
  a_.submit = [&](const auto&) {
    entered.count_down();
    release.wait();
    return answer(executor::SUBMIT_OUTCOME_ACCEPTED);
  };
  connect({a_.start(clock_)});
  std::atomic<bool> unknown{false};
  executor::SubmitRequest request;
  client_->submit(request, within(60'000),
                  [&](const SubmitResult& result) { unknown = result.kind == Kind::kUnknown; });
  entered.wait();
  client_.reset();
  EXPECT_TRUE(unknown) << "it was started: only the executor could say";
  release.count_down();
  a_.server.reset();  // the handler leaves before its latch does
}

TEST_F(ClientTest, AnOperatorsRequestGoesToTheLeader) {
  std::atomic<int> followers_asked{0};
  a_.status = [] { return follower(); };
  a_.abort_order = [&](const auto&) {
    ++followers_asked;
    return executor::AdminReply();
  };
  b_.abort_order = [](const auto& request) {
    EXPECT_EQ(request.order_id(), "ord_1");
    executor::AdminReply reply;
    reply.set_outcome(executor::ADMIN_OUTCOME_REFUSED);
    reply.set_refusal_code("decided_commit");
    reply.set_state(executor::ORDER_STATE_EXECUTING);
    return reply;
  };
  connect({a_.start(clock_), b_.start(clock_)});
  const auto refused = administer(&Client::abort_order);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->kind, AdminResult::Kind::kRefused);
  EXPECT_EQ(refused->code, "decided_commit");
  EXPECT_EQ(refused->state, executor::ORDER_STATE_EXECUTING);
  EXPECT_EQ(administer(&Client::retry_order)->kind, AdminResult::Kind::kDone);
  EXPECT_EQ(followers_asked, 0);
}

TEST_F(ClientTest, AnOperatorsRequestFollowsTheLeadershipAndNeverGuesses) {
  std::atomic<bool> deposed{false};
  std::atomic<int> done{0};
  a_.status = [&] {
    executor::StatusReply reply = follower();
    reply.set_leader(!deposed);
    return reply;
  };
  a_.retry_order = [&](const auto&) {
    deposed = true;
    executor::AdminReply reply;
    reply.set_outcome(executor::ADMIN_OUTCOME_NOT_LEADER);
    return reply;
  };
  b_.status = [&] {
    executor::StatusReply reply = follower();
    reply.set_leader(deposed);
    return reply;
  };
  b_.retry_order = [&](const auto&) -> absl::StatusOr<executor::AdminReply> {
    ++done;
    return absl::UnavailableError("the log failed");
  };
  connect({a_.start(clock_), b_.start(clock_)});
  const auto retried = administer(&Client::retry_order);
  EXPECT_EQ(retried.status().code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(done, 1) << "what may have been done is not asked for twice";
}

TEST_F(ClientTest, WithoutALeaderAnOperatorIsToldThatNothingWasDone) {
  a_.status = [] { return follower(); };
  connect({a_.start(clock_), kNobodyListens});
  EXPECT_EQ(administer(&Client::abort_order).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ClientTest, TheLeaderDescribesAnOrder) {
  a_.describe_order = [](const auto&) {
    executor::DescribeOrderReply reply;
    reply.mutable_order()->set_index(9);
    return reply;
  };
  b_.describe_order = [](const auto&) {
    executor::DescribeOrderReply reply;
    reply.mutable_order()->set_index(9);
    reply.set_leader(true);
    reply.set_waits_for("payment prepare");
    return reply;
  };
  connect({a_.start(clock_), kNobodyListens, b_.start(clock_)});
  std::promise<absl::StatusOr<executor::DescribeOrderReply>> ended;
  client_->describe_order("ord_1", within(5'000), [&](auto reply) { ended.set_value(reply); });
  const auto described = ended.get_future().get();
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(described->waits_for(), "payment prepare");
}

TEST_F(ClientTest, ManyAtOnceAllEndOnce) {
  connect({a_.start(clock_), kNobodyListens});
  constexpr int kSubmits = 200;
  std::latch ended(kSubmits);
  std::atomic<int> accepted{0};
  for (int i = 0; i < kSubmits; ++i) {
    executor::SubmitRequest request;
    request.set_order_id("ord_" + std::to_string(i));
    client_->submit(request, within(20'000), [&](const SubmitResult& result) {
      accepted += result.kind == Kind::kAccepted ? 1 : 0;
      ended.count_down();
    });
  }
  ended.wait();
  // The server's pool may shed some: those are unknown, never lost.
  EXPECT_GT(accepted, 0);
  EXPECT_EQ(client_->counters().submits, 200u);
  EXPECT_EQ(
      client_->counters().accepted + client_->counters().unknown + client_->counters().refused,
      200u);
}

}  // namespace
}  // namespace bookstore::executor_client
