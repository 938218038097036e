// Orders that a person decides about, through all real processes: nobody is charged before an
// approval, one decision counts, and an approval outlives the process that took it.
#include <gtest/gtest.h>

#include <thread>

#include "cli/state_dir.h"
#include "contracts/methods.h"
#include "orders/store.h"
#include "payment/vault_sweeper.h"
#include "running_platform.h"

namespace bookstore::integration {
namespace {

class Review : public RunningPlatform {
 protected:
  void SetUp() override {
    RunningPlatform::SetUp();
    if (IsSkipped()) return;
    auto token = cli::read_file(platform().endpoints().admin_token_file);
    ASSERT_TRUE(token.ok()) << token.status();
    token_ = token->substr(0, 64);
  }

  // What fraud doubts: a disposable address and more than a hundred euros.
  std::string doubtful() {
    cli::Shopper stranger = shopper();
    stranger.email = new_key() + "@mailinator.com";
    return cli::checkout_body(stranger, {kAlsoPlenty.id, 4});
  }
  // The id of an order in review.
  std::string order_in_review() {
    const auto answer = shop().checkout(doubtful(), new_key());
    EXPECT_EQ(text_of(answer, "/status"), "in_review") << (answer.ok() ? answer->body : "");
    return text_of(answer, "/id");
  }
  absl::StatusOr<http::Response> admin(const std::string& method, const std::string& path,
                                       const std::string& body = "") {
    http::Client client("127.0.0.1", platform().endpoints().http_port, platform().clock());
    http::Headers headers{{"Authorization", "Bearer " + token_}};
    if (!body.empty()) headers.set("Content-Type", "application/json");
    return client.request(method, "/admin/v1/orders" + path, headers, body, within(20'000));
  }
  std::string state_of(const std::string& id) {
    const auto order = shop().order(id, within(10'000));
    return order.ok() ? cli::text_at(*order, "/status") : std::string(order.status().message());
  }
  int64_t captures(const std::string& id) { return shop().captures(id).value_or(-1); }
  int64_t cards_of(const std::string& id) {
    const auto rows = platform().pool().query(
        {"SELECT count(*) AS n FROM payment.vault WHERE order_id = $1 AND sealed IS NOT NULL"},
        {id}, within(10'000));
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? (*rows)[0].int64("n") : -1;
  }

  std::string token_;
};

TEST_F(Review, AnApprovedOrderIsExecutedOnceAndItsFirstAnswerStays) {
  const std::string body = doubtful(), key = new_key();
  const auto first = shop().checkout(body, key);
  const std::string id = text_of(first, "/id");
  ASSERT_EQ(text_of(first, "/status"), "in_review") << id;
  EXPECT_EQ(captures(id), 0);
  EXPECT_EQ(cards_of(id), 1) << "kept for the approval";
  const auto listed = admin("GET", "?state=in_review");
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_NE(listed->body.find(id), std::string::npos) << listed->body;

  const auto approved = admin("POST", "/" + id + "/approve", R"({"by":"ada"})");
  ASSERT_TRUE(approved.ok()) << approved.status();
  EXPECT_EQ(approved->status, 200) << approved->body;
  EXPECT_EQ(end_of(id), "completed");
  EXPECT_EQ(captures(id), 1);
  const auto again = shop().checkout(body, key);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->body, first->body);
  EXPECT_EQ(again->headers.get("Idempotency-Replayed"), "true");
}

TEST_F(Review, ADeclinedOrderIsNeverChargedAndWhoWaitsForItHearsOfIt) {
  const std::string id = order_in_review();
  http::Client client("127.0.0.1", platform().endpoints().http_port, platform().clock());
  const auto seen = client.request("GET", "/v1/orders/" + id, {}, "", within(20'000));
  ASSERT_TRUE(seen.ok()) << seen.status();
  std::string heard;
  std::thread shopper([&, etag = std::string(seen->headers.get("ETag"))] {
    heard = text_of(
        client.request("GET", "/v1/orders/" + id, {{"Prefer", "wait=30"}, {"If-None-Match", etag}},
                       "", within(40'000)),
        "/status");
  });
  const auto declined = admin("POST", "/" + id + "/decline", R"({"reason":"a known thief"})");
  shopper.join();
  ASSERT_TRUE(declined.ok()) << declined.status();
  EXPECT_EQ(declined->status, 200) << declined->body;
  EXPECT_EQ(heard, "rejected");
  EXPECT_EQ(end_of(id), "rejected review_declined");
  EXPECT_EQ(captures(id), 0);
  payment::VaultSweeper sweeper(platform().pool(), {});
  const auto swept = sweeper.sweep(within(20'000));
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_EQ(cards_of(id), 0) << "the card dies with its order";
}

TEST_F(Review, OfTwoDecisionsTheFirstCounts) {
  const std::string id = order_in_review();
  EXPECT_EQ(admin("POST", "/" + id + "/decline")->status, 200);
  const auto second = admin("POST", "/" + id + "/approve");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->status, 409) << second->body;
  EXPECT_EQ(text_of(second, "/code"), "not_in_review");
  EXPECT_EQ(state_of(id), "rejected");
}

TEST_F(Review, WithoutTheTokenNobodyDecides) {
  const std::string id = order_in_review();
  token_ = std::string(64, '0');
  EXPECT_EQ(admin("POST", "/" + id + "/approve")->status, 403);
  EXPECT_EQ(admin("GET", "/" + id)->status, 403);
  EXPECT_EQ(state_of(id), "in_review");
}

// What is left when an orchestrator dies between its approval and its Submit: the row. The others,
// and itself when it is back, take it over.
TEST_F(Review, AnApprovalOutlivesTheProcessThatTookIt) {
  const std::string id = order_in_review();
  orders::Store store(platform().pool());
  const auto order = store.read_review({id}, within(10'000));
  ASSERT_TRUE(order.ok()) << order.status();
  order_executor::v1::SubmitRequest submit;
  submit.set_order_id(id);
  for (const orders::Line& line : order->lines) {
    submit.add_lines()->set_book_id(line.book_id);
    submit.mutable_lines(submit.lines_size() - 1)->set_quantity(line.quantity);
  }
  submit.mutable_amount()->set_currency(order->total.currency);
  submit.mutable_amount()->set_minor(order->total.minor);
  submit.set_card_token(order->card_token);
  submit.set_shipping_class(common::v1::SHIPPING_CLASS_STANDARD);
  submit.set_clock(order->clock);
  const orders::ReviewDecision approved{
      .order_id = {id},
      .revision = order->revision,
      .to = orders::State::kSubmitting,
      .reason = "",
      .by = "one who died",
      .note = "",
      .clock = order->clock,
      .lease_ms = 0,
      .submit_bytes = submit.SerializeAsString(),
      .accept_before_ms = order->database_ms - 1'000};  // long ago by the time it is taken over
  const absl::Status killed = platform().kill_service("orchestrator");
  ASSERT_TRUE(killed.ok()) << killed;
  const auto attempt = store.decide_review(approved, within(10'000));
  ASSERT_TRUE(attempt.ok() && attempt->has_value()) << attempt.status();
  ASSERT_TRUE(platform().wait_ready("orchestrator").ok());
  EXPECT_EQ(end_of(id), "completed");
  EXPECT_EQ(captures(id), 1);
}

}  // namespace
}  // namespace bookstore::integration
