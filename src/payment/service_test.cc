#include "payment/service.h"

#include "contracts/methods.h"
#include "payment/test_fixture.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"

namespace bookstore::payment {
namespace {

namespace wire = contracts::payment;

// The service as orchestrator and executor see it: over a socket.
class PaymentServiceTest : public PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (IsSkipped()) return;
    const crypto::Secret platform_key(std::string(32, 'p'));
    vault_ = std::make_unique<Vault>(*pool_, *sandbox_, random_, platform_key, "payment");
    payments_ = std::make_unique<Payments>(*pool_, *sandbox_, Payments::Config{});
    server_ = std::make_unique<rpc::Server>(rpc::Server::Config{.listen = "127.0.0.1:0"}, clock_);
    add_service(*server_, *vault_, *payments_, metrics_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_ = std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "payment", .addresses = {"127.0.0.1:" + std::to_string(*port)}},
        clock_, random_);
  }
  wire::TokeniseRequest card_of(const std::string& order, const std::string& number) {
    wire::TokeniseRequest request;
    request.mutable_order()->set_order_id(order);
    request.mutable_order()->set_attempt(1);
    request.set_number(number);
    request.set_expiry_month(12);
    request.set_expiry_year(2040);
    request.set_cvc("123");
    return request;
  }

  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Payments> payments_;
  telemetry::Registry metrics_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::Client> client_;
};

TEST_F(PaymentServiceTest, ACardTravelsFromTokeniseToCaptureWithItsClock) {
  const std::string order = new_order();
  auto recorder = std::make_shared<causality::Recorder>("orchestrator-1");
  const auto tokenised =
      client_->call_and_wait(wire::kTokenise, card_of(order, "4242424242424242"),
                             {.deadline = deadline(), .order = {order, {1, 0}, recorder}});
  ASSERT_TRUE(tokenised.ok()) << tokenised.status();
  EXPECT_EQ(tokenised->last4(), "4242");
  EXPECT_EQ(recorder->clock().at("payment"), 2u);  // it received, and sent its reply

  wire::PrepareRequest prepare;
  prepare.set_fence(1);
  auto& asked = *prepare.add_orders();
  asked.set_order_id(order);
  asked.set_token(tokenised->token());
  asked.mutable_amount()->set_currency("EUR");
  asked.mutable_amount()->set_minor(2599);
  asked.set_clock(recorder->clock().encode());
  const auto prepared = client_->call_and_wait(wire::kPrepare, prepare, {.deadline = deadline()});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->orders(0).state(), wire::PARTICIPANT_STATE_PREPARED);
  EXPECT_EQ(causality::VectorClock::decode(prepared->orders(0).clock())->at("payment"), 6u);

  wire::FinishRequest finish;
  finish.set_fence(1);
  auto& finished = *finish.add_orders();
  finished.set_order_id(order);
  *finished.mutable_amount() = asked.amount();
  const auto committed = client_->call_and_wait(wire::kCommit, finish, {.deadline = deadline()});
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->orders(0).state(), wire::PARTICIPANT_STATE_COMMITTED);
  const auto aborted = client_->call_and_wait(wire::kAbort, finish, {.deadline = deadline()});
  ASSERT_TRUE(aborted.ok()) << aborted.status();
  EXPECT_EQ(aborted->orders(0).reason(), "was_committed");
}

TEST_F(PaymentServiceTest, ARefusedCardIsAnAnswer) {
  const auto refused = client_->call_and_wait(
      wire::kTokenise, card_of(new_order(), "4000000000000127"), {.deadline = deadline()});
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->refusal_code(), "incorrect_cvc");
  EXPECT_EQ(refused->token(), "");
}

TEST_F(PaymentServiceTest, WithoutItsDatabaseItSaysSoAndThatItIsRetryable) {
  const std::string nowhere = "host=/nowhere dbname=bookstore";
  postgres::Pool pool({nowhere, 1}, clock_);
  Vault vault(pool, *sandbox_, random_, crypto::Secret(std::string(32, 'p')), "payment");
  rpc::Server server({.listen = "127.0.0.1:0"}, clock_);
  add_service(server, vault, *payments_, metrics_);
  const auto port = server.start();
  ASSERT_TRUE(port.ok()) << port.status();
  rpc::Client client({.peer = "payment", .addresses = {"127.0.0.1:" + std::to_string(*port)}},
                     clock_, random_);
  const auto failed = client.call_and_wait(
      wire::kTokenise, card_of(new_order(), "4242424242424242"), {.deadline = deadline()});
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnavailable);
  const auto refusal = rpc::refusal_of(failed.status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, "payment_unavailable");
  EXPECT_TRUE(refusal->retryable);
}

}  // namespace
}  // namespace bookstore::payment
