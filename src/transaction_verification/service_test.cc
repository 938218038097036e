// The service over a real socket: what an order's calls answer, and what it remembers.
#include "transaction_verification/service.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "causality/ledger.h"
#include "rpc/client.h"
#include "rpc/error_detail.h"

namespace bookstore::transaction_verification {
namespace {

namespace verification = contracts::verification;

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { serve({}); }
  void serve(Service::Config config) {
    client_.reset();
    server_.reset();
    service_ = std::make_unique<Service>(config, clock_, metrics_);
    server_ = std::make_unique<rpc::Server>(rpc::Server::Config{.listen = "127.0.0.1:0"}, clock_,
                                            &ledger_);
    service_->register_on(*server_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << port.status();
    client_ = std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "verification",
                            .addresses = {"127.0.0.1:" + std::to_string(*port)}},
        clock_, random_);
  }

  rpc::CallOptions about(const std::string& order_id) {
    return {.deadline = base::Deadline::after(clock_, 10'000),
            .order = {order_id, {1, 0}, recorder_}};
  }
  static contracts::common::OrderKey key(const std::string& order_id) {
    contracts::common::OrderKey key;
    key.set_order_id(order_id);
    key.set_attempt(1);
    return key;
  }
  absl::Status init(const std::string& order_id, const std::string& country = "DE") {
    verification::InitRequest request;
    *request.mutable_order() = key(order_id);
    request.set_issued_at_ms(clock_.wall_ms());
    request.set_customer_name("Ada Lovelace");
    request.set_customer_email("ada@example.com");
    request.mutable_billing_address()->set_line1("Unter den Linden 1");
    request.mutable_billing_address()->set_city("Berlin");
    request.mutable_billing_address()->set_postal_code("10117");
    request.mutable_billing_address()->set_country(country);
    return client_->call_and_wait(verification::kInit, request, about(order_id)).status();
  }
  absl::StatusOr<verification::CheckReply> check_billing(const std::string& order_id) {
    verification::CheckBillingRequest request;
    *request.mutable_order() = key(order_id);
    return client_->call_and_wait(verification::kCheckBilling, request, about(order_id));
  }
  absl::StatusOr<verification::CheckReply> check_card(const std::string& order_id,
                                                      const std::string& number) {
    verification::CheckCardRequest request;
    *request.mutable_order() = key(order_id);
    request.set_number(number);
    request.set_expiry_month(12);
    request.set_expiry_year(2030);
    request.set_cvc_length(3);
    return client_->call_and_wait(verification::kCheckCard, request, about(order_id));
  }

  base::FakeClock clock_{base::wall_from_civil({2026, 11, 22, 14, 0, 0})};
  base::SystemRandom random_;
  telemetry::Registry metrics_;
  causality::Ledger ledger_{{.host = "verification"}, clock_};
  std::shared_ptr<causality::Recorder> recorder_ =
      std::make_shared<causality::Recorder>("orchestrator-1");
  std::unique_ptr<Service> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<rpc::Client> client_;
};

TEST_F(ServiceTest, AGoodOrderPassesBothChecks) {
  ASSERT_TRUE(init("ord_1").ok());
  const auto billing = check_billing("ord_1");
  ASSERT_TRUE(billing.ok()) << billing.status();
  EXPECT_EQ(billing->errors_size(), 0) << billing->ShortDebugString();
  const auto card = check_card("ord_1", "4242424242424242");
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ(card->errors_size(), 0);
  EXPECT_EQ(card->card_brand(), "visa");
  EXPECT_EQ(recorder_->clock().at("verification"), 6u) << "three arrivals and three answers";
}

TEST_F(ServiceTest, RefusedFieldsAreAnAnswerWithPointersAndNeverTheValue) {
  ASSERT_TRUE(init("ord_1", "UK").ok());
  const auto billing = check_billing("ord_1");
  ASSERT_TRUE(billing.ok()) << billing.status();
  ASSERT_EQ(billing->errors_size(), 1);
  EXPECT_EQ(billing->errors(0).pointer(), "/billing_address/country");
  EXPECT_EQ(billing->errors(0).code(), "unknown_country");
  const auto card = check_card("ord_1", "4242424242424241");
  ASSERT_TRUE(card.ok()) << card.status();
  ASSERT_EQ(card->errors_size(), 1);
  EXPECT_EQ(card->errors(0).pointer(), "/card/number");
  EXPECT_EQ(card->errors(0).code(), "luhn_failed");
  EXPECT_EQ(card->SerializeAsString().find("4242"), std::string::npos);
}

TEST_F(ServiceTest, AnOrderThatWasNeverInitialisedIsUnknown) {
  EXPECT_EQ(check_billing("ord_9").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(check_card("ord_9", "4242424242424242").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServiceTest, AnOrderIsForgottenAfterItsLifetime) {
  ASSERT_TRUE(init("ord_1").ok());
  clock_.advance(59'999);
  EXPECT_TRUE(check_billing("ord_1").ok());
  clock_.advance(1);
  EXPECT_EQ(check_billing("ord_1").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServiceTest, AtTheCapacityInitIsRefusedUntilAnOrderExpires) {
  serve({.orders_max = 1});
  ASSERT_TRUE(init("ord_1").ok());
  const absl::Status refused = init("ord_2");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(rpc::refusal_of(refused)->code, "too_many_orders");
  clock_.advance(60'000);
  EXPECT_TRUE(init("ord_3").ok());
}

TEST_F(ServiceTest, AMessageAboutAnotherOrderThanItsMetadataIsRefused) {
  ASSERT_TRUE(init("ord_1").ok());
  verification::CheckBillingRequest request;
  *request.mutable_order() = key("ord_2");
  const auto reply = client_->call_and_wait(verification::kCheckBilling, request, about("ord_1"));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rpc::refusal_of(reply.status())->code, "order_mismatch");
}

TEST_F(ServiceTest, TheMetricsCountVerdictsAndNameNoOrder) {
  ASSERT_TRUE(init("ord_1").ok());
  ASSERT_TRUE(check_card("ord_1", "4242424242424242").ok());
  ASSERT_TRUE(check_card("ord_1", "4242424242424241").ok());
  const std::string text = metrics_.render();
  EXPECT_NE(text.find(R"(bookstore_verification_checks_total{check="card",result="valid"} 1)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(bookstore_verification_checks_total{check="card",result="refused"} 1)"),
            std::string::npos);
  EXPECT_EQ(text.find("ord_1"), std::string::npos);
  EXPECT_EQ(text.find("4242"), std::string::npos);
}

}  // namespace
}  // namespace bookstore::transaction_verification
