// Real servers and clients over real sockets on this machine: what a call promises when all is
// well, when the peer is slow, full, gone or new, and what the clocks say afterwards.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

#include "contracts/methods.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"
#include "rpc/server.h"

namespace bookstore::rpc {
namespace {

namespace fraud = contracts::fraud;

class RpcTest : public ::testing::Test {
 protected:
  using Score = std::function<absl::StatusOr<fraud::ScoreOrderReply>(ServerCall&)>;

  void serve(Score score, Server::Config config = {.listen = "127.0.0.1:0"}) {
    server_ = std::make_unique<Server>(config, clock_, &ledger_);
    server_->handle(fraud::kInit, [](ServerCall&, const fraud::InitRequest&) {
      return absl::StatusOr<fraud::InitReply>(fraud::InitReply());
    });
    server_->handle(fraud::kScoreOrder,
                    [score = std::move(score)](ServerCall& call, const fraud::ScoreOrderRequest&) {
                      return score(call);
                    });
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *port;
    connect("127.0.0.1:" + std::to_string(port_));
  }
  void connect(const std::string& address) {
    client_ = std::make_unique<Client>(Client::Config{.peer = "fraud", .addresses = {address}},
                                       clock_, random_);
  }
  CallOptions within(base::DurationMs duration_ms) {
    return {.deadline = base::Deadline::after(clock_, duration_ms)};
  }
  CallOptions about(const std::string& order_id, causality::Epoch epoch = {1, 0}) {
    CallOptions options = within(5'000);
    options.order = {order_id, epoch, recorder_};
    return options;
  }
  fraud::InitRequest issued_now() {
    fraud::InitRequest request;
    request.set_issued_at_ms(clock_.wall_ms());
    return request;
  }
  static absl::StatusOr<fraud::ScoreOrderReply> scored(double score) {
    fraud::ScoreOrderReply reply;
    reply.set_score(score);
    return reply;
  }

  // Declared in a test after what its handlers capture: they have all returned when it is gone.
  struct HandlersEnd {
    std::unique_ptr<Server>& server;
    ~HandlersEnd() { server.reset(); }
  };

  base::SystemClock clock_;
  base::SystemRandom random_;
  causality::Ledger ledger_{{.host = "fraud"}, clock_};
  std::shared_ptr<causality::Recorder> recorder_ =
      std::make_shared<causality::Recorder>("orchestrator-1");
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
  int port_ = 0;
};

TEST_F(RpcTest, ACallIsAnsweredAndItsClocksAreExchanged) {
  serve([](ServerCall& call) {
    call.order().recorder->local("score 0.25");
    return scored(0.25);
  });
  ASSERT_TRUE(client_->call_and_wait(fraud::kInit, issued_now(), about("ord_1")).ok());
  const auto reply = client_->call_and_wait(fraud::kScoreOrder, {}, about("ord_1"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->score(), 0.25);
  // Two sends and two receives here; there: recv, send reply, recv, the score, send reply.
  EXPECT_EQ(recorder_->clock().to_json(), R"({"fraud":5, "orchestrator-1":4})");
  EXPECT_EQ(recorder_->events().back().text, "recv ScoreOrder reply");
}

TEST_F(RpcTest, ACheckOfAnOrderThatWasNeverInitialisedIsRefusedByTheWrapper) {
  serve([](ServerCall&) {
    ADD_FAILURE() << "the handler must not see it";
    return scored(0);
  });
  const auto reply = client_->call_and_wait(fraud::kScoreOrder, {}, about("ord_1"));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(recorder_->events().back().text, "ScoreOrder failed FAILED_PRECONDITION");
}

TEST_F(RpcTest, ARefusalKeepsItsCodeThroughTheWire) {
  serve([](ServerCall&) -> absl::StatusOr<fraud::ScoreOrderReply> {
    return refuse(absl::StatusCode::kUnavailable, "warming_up", "not yet", true, 250);
  });
  const auto reply = client_->call_and_wait(fraud::kScoreOrder, {}, within(5'000));
  const auto refusal = refusal_of(reply.status());
  ASSERT_TRUE(refusal) << reply.status();
  EXPECT_EQ(refusal->code, "warming_up");
  EXPECT_EQ(refusal->retry_after_ms, 250);
}

TEST_F(RpcTest, CancellingReachesTheHandlerAndEndsTheCall) {
  std::latch entered(1), left(1);
  const HandlersEnd handlers_end{server_};
  serve([&](ServerCall& call) {
    entered.count_down();
    const auto deadline = base::Deadline::after(clock_, 5'000);
    while (!call.cancelled() && !deadline.passed(clock_)) std::this_thread::yield();
    EXPECT_TRUE(call.cancelled());
    left.count_down();
    return scored(0);
  });
  std::promise<absl::Status> ended;
  const auto call = client_->call(fraud::kScoreOrder, {}, within(10'000),
                                  [&](auto reply) { ended.set_value(reply.status()); });
  entered.wait();
  call->cancel();
  EXPECT_EQ(ended.get_future().get().code(), absl::StatusCode::kCancelled);
  left.wait();
  EXPECT_EQ(client_->breaker_state(), resilience::CircuitBreaker::State::kClosed);
  EXPECT_EQ(client_->counters().failures, 0u) << "our own cancellation is no failure of the peer";
}

TEST_F(RpcTest, TheDeadlineEndsACallWhoseHandlerIsSilent) {
  std::latch release(1);
  const HandlersEnd handlers_end{server_};
  serve([&](ServerCall&) {
    release.wait();
    return scored(0);
  });
  const auto reply = client_->call_and_wait(fraud::kScoreOrder, {}, within(50));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  release.count_down();
}

TEST_F(RpcTest, AnIdempotentCallIsTriedAgainAndEachAttemptIsASend) {
  std::atomic<int> attempts{0};
  const HandlersEnd handlers_end{server_};
  serve([&](ServerCall&) -> absl::StatusOr<fraud::ScoreOrderReply> {
    if (++attempts < 3) return absl::UnavailableError("not yet");
    return scored(0.5);
  });
  ASSERT_TRUE(client_->call_and_wait(fraud::kInit, issued_now(), about("ord_1")).ok());
  CallOptions options = about("ord_1");
  options.idempotent = true;
  ASSERT_TRUE(client_->call_and_wait(fraud::kScoreOrder, {}, options).ok());
  EXPECT_EQ(attempts, 3);
  int sends = 0;
  for (const auto& event : recorder_->events()) sends += event.text == "send ScoreOrder" ? 1 : 0;
  EXPECT_EQ(sends, 3);
  EXPECT_EQ(client_->counters().retries, 2u);
}

TEST_F(RpcTest, ACallThatIsNotIdempotentIsNeverTriedAgain) {
  std::atomic<int> attempts{0};
  const HandlersEnd handlers_end{server_};
  serve([&](ServerCall&) -> absl::StatusOr<fraud::ScoreOrderReply> {
    ++attempts;
    return absl::UnavailableError("no");
  });
  EXPECT_FALSE(client_->call_and_wait(fraud::kScoreOrder, {}, within(2'000)).ok());
  EXPECT_EQ(attempts, 1);
}

TEST_F(RpcTest, AFullServerSaysSoAtOnce) {
  std::latch entered(1), release(1);
  std::atomic<bool> first_entered{false};
  const HandlersEnd handlers_end{server_};
  serve(
      [&](ServerCall&) {
        if (!first_entered.exchange(true)) entered.count_down();
        release.wait();
        return scored(0);
      },
      {.listen = "127.0.0.1:0", .threads = 1, .queue_capacity = 1});
  std::latch ended(2);
  auto first =
      client_->call(fraud::kScoreOrder, {}, within(10'000), [&](auto) { ended.count_down(); });
  entered.wait();
  // One runs, one fits the queue, and it may be this or the next: a call that times out there
  // keeps its place, so the third is refused at the latest.
  auto second =
      client_->call(fraud::kScoreOrder, {}, within(10'000), [&](auto) { ended.count_down(); });
  absl::Status refused;
  for (int i = 0; i < 3 && refused.code() != absl::StatusCode::kResourceExhausted; ++i) {
    refused = client_->call_and_wait(fraud::kScoreOrder, {}, within(300)).status();
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(refusal_of(refused)->code, "overloaded");
  release.count_down();
  ended.wait();
}

TEST_F(RpcTest, ADeadPeerOpensTheCircuitAndIsThenSpared) {
  connect("127.0.0.1:1");  // nothing listens there
  int refused = 0;
  for (int i = 0; i < 60 && refused == 0; ++i) {
    const auto reply = client_->call_and_wait(fraud::kScoreOrder, {}, within(500));
    ASSERT_FALSE(reply.ok());
    const auto refusal = refusal_of(reply.status());
    refused += refusal && refusal->code == "circuit_open" ? 1 : 0;
  }
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(client_->breaker_state(), resilience::CircuitBreaker::State::kOpen);
}

TEST_F(RpcTest, APortInUseIsOneClearSentence) {
  serve([](ServerCall&) { return scored(0); });
  Server second({.listen = "127.0.0.1:" + std::to_string(port_)}, clock_);
  const auto port = second.start();
  EXPECT_EQ(port.status().code(), absl::StatusCode::kAlreadyExists) << port.status();
}

TEST_F(RpcTest, HealthIsServedAndFollowsTheServer) {
  serve([](ServerCall&) { return scored(0); });
  grpc::GenericStub stub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port_),
                                             grpc::InsecureChannelCredentials()));
  const auto check = [&] {
    grpc::ClientContext context;
    const grpc::Slice empty("");
    const grpc::ByteBuffer request(&empty, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> ended;
    stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                   [&](grpc::Status status) { ended.set_value(status); });
    EXPECT_TRUE(ended.get_future().get().ok());
    grpc::Slice bytes;
    EXPECT_TRUE(response.DumpToSingleSlice(&bytes).ok());
    return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  };
  EXPECT_EQ(check(), std::string("\x08\x01", 2));  // SERVING
  server_->set_serving(false);
  EXPECT_EQ(check(), std::string("\x08\x02", 2));  // NOT_SERVING
}

TEST_F(RpcTest, ShutdownLetsTheRunningCallFinish) {
  std::latch entered(1), release(1);
  const HandlersEnd handlers_end{server_};
  serve([&](ServerCall&) {
    entered.count_down();
    release.wait();
    return scored(0.75);
  });
  std::promise<absl::StatusOr<fraud::ScoreOrderReply>> ended;
  auto call = client_->call(fraud::kScoreOrder, {}, within(10'000),
                            [&](auto reply) { ended.set_value(std::move(reply)); });
  entered.wait();
  std::thread stopping([&] { server_->shutdown(base::Deadline::after(clock_, 10'000)); });
  release.count_down();
  const auto reply = ended.get_future().get();
  EXPECT_TRUE(reply.ok()) << reply.status();
  stopping.join();
}

}  // namespace
}  // namespace bookstore::rpc
