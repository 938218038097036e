// The service over a real socket: an order's calls, and what is counted between orders.
#include "fraud_detection/service.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "causality/ledger.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"

namespace bookstore::fraud_detection {
namespace {

namespace fraud = contracts::fraud;

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    service_.register_on(server_);
    const auto port = server_.start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_ = std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "fraud", .addresses = {"127.0.0.1:" + std::to_string(*port)}},
        clock_, random_);
  }

  struct Purchase {
    std::string intent;
    std::string email = "ada@example.com";
    std::string card = "fingerprint of ada's card";
    std::string bin = "453201";
    int64_t amount_minor = 4'280;
    uint32_t quantity = 1;
  };
  absl::StatusOr<fraud::ScoreOrderReply> score(const Purchase& purchase) {
    const std::string order_id = "ord_" + std::to_string(++orders_);
    fraud::InitRequest request;
    request.mutable_order()->set_order_id(order_id);
    request.mutable_order()->set_attempt(1);
    request.set_issued_at_ms(clock_.wall_ms());
    request.set_customer_email(purchase.email);
    request.mutable_billing_address()->set_country("DE");
    request.mutable_amount()->set_currency("EUR");
    request.mutable_amount()->set_minor(purchase.amount_minor);
    request.add_lines()->set_quantity(purchase.quantity);
    request.set_card_fingerprint(purchase.card);
    request.set_card_bin(purchase.bin);
    request.set_client_ip("127.0.0.1");
    request.set_intent(purchase.intent.empty() ? order_id : purchase.intent);
    const auto init = client_->call_and_wait(fraud::kInit, request, about(order_id));
    if (!init.ok()) return init.status();
    return ask(order_id);
  }
  absl::StatusOr<fraud::ScoreOrderReply> ask(const std::string& order_id) {
    fraud::ScoreOrderRequest request;
    request.mutable_order()->set_order_id(order_id);
    request.mutable_order()->set_attempt(1);
    return client_->call_and_wait(fraud::kScoreOrder, request, about(order_id));
  }
  rpc::CallOptions about(const std::string& order_id) {
    return {.deadline = base::Deadline::after(clock_, 10'000),
            .order = {order_id, {1, 0}, recorder_}};
  }

  base::FakeClock clock_;
  base::SystemRandom random_;
  telemetry::Registry metrics_;
  causality::Ledger ledger_{{.host = "fraud"}, clock_};
  Service service_{{}, clock_, metrics_};
  rpc::Server server_{{.listen = "127.0.0.1:0"}, clock_, &ledger_};
  std::unique_ptr<rpc::Client> client_;
  std::shared_ptr<causality::Recorder> recorder_ =
      std::make_shared<causality::Recorder>("orchestrator-1");
  int orders_ = 0;
};

TEST_F(ServiceTest, AnOrdinaryOrderIsApproved) {
  const auto reply = score({});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->verdict(), fraud::VERDICT_APPROVE);
  EXPECT_EQ(reply->score(), 0);
  EXPECT_EQ(reply->reasons_size(), 0);
  EXPECT_EQ(reply->rules_version(), kRulesVersion);
  EXPECT_FALSE(reply->counters_degraded());
  EXPECT_EQ(recorder_->clock().at("fraud"), 4u);
}

TEST_F(ServiceTest, AFraudLookingOneIsRejectedWithItsReasons) {
  const auto reply = score({.email = "X@Mailinator.com", .amount_minor = 108'900, .quantity = 99});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->verdict(), fraud::VERDICT_REJECT);
  EXPECT_GE(reply->reasons_size(), 2);
}

TEST_F(ServiceTest, ABurstOfOneCardUnderManyNamesIsNoticed) {
  fraud::Verdict last = fraud::VERDICT_UNSPECIFIED;
  for (int i = 0; i < 8; ++i) {
    const auto reply = score({.email = "thief" + std::to_string(i) + "@example.com"});
    ASSERT_TRUE(reply.ok()) << reply.status();
    last = reply->verdict();
  }
  EXPECT_EQ(last, fraud::VERDICT_REJECT);
}

TEST_F(ServiceTest, TheSameIntentTriedAgainIsNoBurst) {
  for (int i = 0; i < 30; ++i) {
    const auto reply = score({.intent = "one purchase"});
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->verdict(), fraud::VERDICT_APPROVE) << "try " << i;
  }
}

TEST_F(ServiceTest, APublicTestCardIsEverybodysAndThereforeNoEvidence) {
  for (int i = 0; i < 30; ++i) {
    const auto reply =
        score({.email = "tester" + std::to_string(i) + "@example.com", .bin = "400000"});
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->verdict(), fraud::VERDICT_APPROVE) << "try " << i;
  }
}

TEST_F(ServiceTest, AnOrderThatWasNotInitialisedOrIsForgottenIsUnknown) {
  EXPECT_EQ(ask("ord_9").status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(score({}).ok());
  clock_.advance(60'000);
  EXPECT_EQ(ask("ord_1").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServiceTest, MetricsCountVerdictsAndNameNobody) {
  ASSERT_TRUE(score({}).ok());
  const std::string text = metrics_.render();
  EXPECT_NE(text.find(R"(bookstore_fraud_scored_total{verdict="approve"} 1)"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("ada"), std::string::npos);
  EXPECT_EQ(text.find("ord_1"), std::string::npos);
}

}  // namespace
}  // namespace bookstore::fraud_detection
