// The executor over a real socket: what a client is told, and when.
#include "order_executor/service.h"

#include <gtest/gtest.h>

#include <future>

#include "order_executor/simulated_disk.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"

namespace bookstore::order_executor {
namespace {

namespace wire = contracts::executor;

// Never answers: accepted orders stay where they are.
class SilentParticipants final : public Participants {
 public:
  void call(const OutgoingCall&, Done) override {}
};

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> notes;
    ASSERT_TRUE(node_.start([](const auto&) {}, [](const auto&) {}, notes).ok());
    node_.database_time(clock_.wall_ms(), clock_.wall_ms());
    add_service(server_, node_, clock_);
    const auto port = server_.start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_ = std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "executor",
                            .addresses = {"127.0.0.1:" + std::to_string(*port)}},
        clock_, random_);
  }
  void TearDown() override {
    node_.stop();
    server_.shutdown(base::Deadline::after(clock_, 5'000));
  }

  wire::SubmitRequest request() {
    wire::SubmitRequest request;
    request.set_order_id(base::make_order_id(clock_, random_).value);
    auto& line = *request.add_lines();
    line.set_book_id("bk-001");
    line.set_quantity(2);
    request.mutable_amount()->set_currency("EUR");
    request.mutable_amount()->set_minor(2'599);
    request.set_card_token("tok");
    request.set_shipping_class(contracts::common::SHIPPING_CLASS_STANDARD);
    request.set_clock(causality::VectorClock().encode());
    request.set_accept_before_ms(clock_.wall_ms() + 120'000);
    return request;
  }
  rpc::CallOptions within(base::DurationMs duration_ms) {
    return {.deadline = base::Deadline::after(clock_, duration_ms)};
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  SilentParticipants participants_;
  Node node_{{}, std::make_unique<SimulatedDisk>(1), participants_, clock_};
  rpc::Server server_{{.listen = "127.0.0.1:0"}, clock_};
  std::unique_ptr<rpc::Client> client_;
};

TEST_F(ServiceTest, ASubmittedOrderIsAcceptedKnownAndFound) {
  const auto submit = request();
  const auto first = client_->call_and_wait(wire::kSubmit, submit, within(10'000));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->outcome(), wire::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(first->state(), wire::ORDER_STATE_ACCEPTED);
  EXPECT_TRUE(causality::VectorClock::decode(first->clock()).has_value());
  const auto again = client_->call_and_wait(wire::kSubmit, submit, within(10'000));
  EXPECT_EQ(again->outcome(), wire::SUBMIT_OUTCOME_KNOWN);

  wire::GetOrderRequest get;
  get.set_order_id(submit.order_id());
  const auto found = client_->call_and_wait(wire::kGetOrder, get, within(10'000));
  EXPECT_NE(found->state(), wire::ORDER_STATE_UNSPECIFIED);
  get.set_order_id(base::make_order_id(clock_, random_).value);
  const auto unknown = client_->call_and_wait(wire::kGetOrder, get, within(10'000));
  EXPECT_EQ(unknown->state(), wire::ORDER_STATE_UNSPECIFIED);
}

TEST_F(ServiceTest, TheCallersClockIsPartOfTheOrdersHistory) {
  const auto recorder = std::make_shared<causality::Recorder>("orchestrator-1");
  const auto submit = request();
  auto options = within(10'000);
  options.order = {submit.order_id(), {1, 0}, recorder};
  const auto reply = client_->call_and_wait(wire::kSubmit, submit, options);
  ASSERT_TRUE(reply.ok()) << reply.status();
  const auto clock = causality::VectorClock::decode(reply->clock());
  ASSERT_TRUE(clock.has_value());
  EXPECT_EQ(clock->at("orchestrator-1"), 1u);  // send Submit
  EXPECT_EQ(clock->at("executor-1.1"), 3u);
  EXPECT_TRUE(clock->covered_by(recorder->clock())) << "the reply's clock came back";
}

TEST_F(ServiceTest, TooLateIsExpired) {
  auto late = request();
  late.set_accept_before_ms(clock_.wall_ms() - 1'000);
  const auto reply = client_->call_and_wait(wire::kSubmit, late, within(10'000));
  EXPECT_EQ(reply->outcome(), wire::SUBMIT_OUTCOME_EXPIRED);
}

TEST_F(ServiceTest, WhatNoOrderCanBeIsRefusedBeforeTheLog) {
  const uint64_t before = node_.snapshot().last_index;
  std::vector<wire::SubmitRequest> wrong(9, request());
  wrong[0].set_order_id("1");
  wrong[1].clear_lines();
  wrong[2].mutable_lines(0)->set_quantity(100);
  wrong[3].mutable_lines(0)->set_book_id("../");
  wrong[4].mutable_amount()->set_minor(0);
  wrong[5].clear_card_token();
  wrong[6].clear_shipping_class();
  wrong[7].set_clock("x");
  wrong[8].mutable_amount()->set_currency("EURO");
  for (const auto& request : wrong) {
    const auto reply = client_->call_and_wait(wire::kSubmit, request, within(10'000));
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument)
        << request.ShortDebugString();
  }
  const auto status = client_->call_and_wait(wire::kStatus, {}, within(10'000));
  EXPECT_EQ(status->last_index(), before);
}

TEST_F(ServiceTest, AWatchHearsOfAnOrderWhileItWaits) {
  std::promise<absl::StatusOr<wire::WatchTransitionsReply>> heard;
  wire::WatchTransitionsRequest watch;
  watch.set_max_wait_ms(20'000);
  watch.set_after(node_.snapshot().last_index);
  client_->call(wire::kWatchTransitions, watch, within(25'000),
                [&](auto reply) { heard.set_value(std::move(reply)); });
  const auto submit = request();
  ASSERT_TRUE(client_->call_and_wait(wire::kSubmit, submit, within(10'000)).ok());
  auto future = heard.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  const auto reply = future.get();
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_GE(reply->transitions_size(), 1);
  EXPECT_EQ(reply->transitions(0).order_id(), submit.order_id());
  EXPECT_EQ(reply->transitions(0).state(), wire::ORDER_STATE_ACCEPTED);
}

TEST_F(ServiceTest, AnOperatorSeesAnOrderAndAbortsItOnce) {
  const auto submit = request();
  ASSERT_TRUE(client_->call_and_wait(wire::kSubmit, submit, within(10'000)).ok());
  wire::GetOrderRequest get;
  get.set_order_id(submit.order_id());
  auto shown = client_->call_and_wait(wire::kDescribeOrder, get, within(10'000));
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_TRUE(shown->leader());
  EXPECT_EQ(shown->decision(), wire::ORDER_DECISION_NONE);
  EXPECT_EQ(shown->amount().minor(), 2'599);
  EXPECT_EQ(shown->abort_refusal(), "");
  EXPECT_NE(shown->retry_refusal(), "");
  wire::AdminRequest admin;
  admin.set_order_id(submit.order_id());
  const auto retried = client_->call_and_wait(wire::kRetryOrder, admin, within(10'000));
  EXPECT_EQ(retried->outcome(), wire::ADMIN_OUTCOME_REFUSED);
  EXPECT_EQ(retried->refusal_code(), "not_parked");
  const auto aborted = client_->call_and_wait(wire::kAbortOrder, admin, within(10'000));
  EXPECT_EQ(aborted->outcome(), wire::ADMIN_OUTCOME_DONE);
  const auto again = client_->call_and_wait(wire::kAbortOrder, admin, within(10'000));
  EXPECT_EQ(again->outcome(), wire::ADMIN_OUTCOME_REFUSED);
  admin.set_order_id("nobody");
  const auto unknown = client_->call_and_wait(wire::kAbortOrder, admin, within(10'000));
  EXPECT_EQ(unknown->outcome(), wire::ADMIN_OUTCOME_UNKNOWN_ORDER);
}

TEST_F(ServiceTest, StatusSaysWhetherASubmitWouldBeAccepted) {
  auto status = client_->call_and_wait(wire::kStatus, {}, within(10'000));
  ASSERT_TRUE(status.ok());
  EXPECT_TRUE(status->leader());
  EXPECT_EQ(status->term(), 1u);
  EXPECT_EQ(status->not_ready_reason(), "");
  node_.database_time(clock_.wall_ms() - 60'000, clock_.wall_ms());
  const auto refused = client_->call_and_wait(wire::kSubmit, request(), within(10'000));
  EXPECT_EQ(refused->outcome(), wire::SUBMIT_OUTCOME_CLOCK_SKEW);
  status = client_->call_and_wait(wire::kStatus, {}, within(10'000));
  EXPECT_NE(status->not_ready_reason(), "");
}

}  // namespace
}  // namespace bookstore::order_executor
