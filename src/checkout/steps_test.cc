#include "checkout/steps.h"

#include <vector>

#include "gtest/gtest.h"
#include "json/json.h"

namespace bookstore::checkout {
namespace {

using Kind = StepResult::Kind;

TEST(Steps, ACheckerWithoutStateOfTheOrderHasLostIt) {
  EXPECT_EQ(read_failure(absl::FailedPreconditionError("unknown_order: never seen")).kind,
            Kind::kLost);
  for (const absl::Status& status :
       {absl::UnavailableError("down"), absl::DeadlineExceededError("late"),
        absl::ResourceExhaustedError("full"), absl::InternalError("?"),
        absl::CancelledError("not by us")}) {
    EXPECT_EQ(read_failure(status).kind, Kind::kUnavailable) << status;
  }
}

TEST(Steps, EachVerdictOfFraudIsItsStepResult) {
  const auto read = [](contracts::fraud::Verdict verdict) {
    contracts::fraud::ScoreOrderReply reply;
    reply.set_verdict(verdict);
    Facts facts;
    return read_score(reply, facts);
  };
  EXPECT_EQ(read(contracts::fraud::VERDICT_APPROVE).kind, Kind::kPassed);
  EXPECT_EQ(read(contracts::fraud::VERDICT_REVIEW).kind, Kind::kReview);
  EXPECT_EQ(read(contracts::fraud::VERDICT_REJECT).kind, Kind::kRefused);
  EXPECT_EQ(read(contracts::fraud::VERDICT_REJECT).code, "order_declined");
  EXPECT_EQ(read(contracts::fraud::VERDICT_UNSPECIFIED).kind, Kind::kUnavailable)
      << "an answer that says nothing is none";
}

TEST(Steps, AScoreWithoutCountersSaysSo) {
  contracts::fraud::ScoreOrderReply reply;
  reply.set_verdict(contracts::fraud::VERDICT_APPROVE);
  reply.set_counters_degraded(true);
  Facts facts;
  EXPECT_EQ(read_score(reply, facts).policies,
            (std::vector<std::string>{"fraud_counters_unavailable"}));
}

TEST(Steps, TheVaultsRefusalNamesTheField) {
  struct Case {
    const char *refusal, *pointer;
  };
  for (const Case& c : std::vector<Case>{{"incorrect_cvc", "/card/cvc"},
                                         {"expired_card", "/card/expiry_month"},
                                         {"card_declined", "/card/number"},
                                         {"", "/card/number"}}) {
    contracts::payment::TokeniseReply reply;
    reply.set_refusal_code(c.refusal);
    Facts facts;
    const StepResult result = read_tokenise(reply, facts);
    EXPECT_EQ(result.kind, Kind::kRefused);
    ASSERT_EQ(result.errors.size(), 1u);
    EXPECT_EQ(result.errors[0].pointer, c.pointer) << c.refusal;
    EXPECT_TRUE(facts.card_token.empty());
  }
}

TEST(Steps, SuggestionsAreShownAsTheyCame) {
  contracts::suggestions::SuggestReply reply;
  auto* book = reply.add_suggestions();
  book->set_book_id("emma");
  book->set_title("\"Emma\"");
  book->add_authors("Jane Austen");
  Facts facts;
  EXPECT_EQ(read_suggest(reply, facts).kind, Kind::kPassed);
  const auto parsed = json::parse(facts.suggestions_json);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->as_array().at(0).at("title").as_string(), "\"Emma\"");
}

TEST(Steps, NoMessageButTwoCarriesTheCard) {
  CheckoutRequest request;
  request.customer = {"Ada", "ada@example.org"};
  request.card = {"4242424242424242", 12, 2031, "739", "Ada"};
  const std::vector<orders::Line> lines = {{"dune", "Dune", 2, 1'299}};
  const base::Money total{"EUR", 2'598};
  const StepInput input{request, lines, total, "ord_1", 1, 1'000};
  Facts facts;
  facts.card_token = "tok";
  const auto holds = [](const google::protobuf::MessageLite& message, const std::string& secret) {
    return message.SerializeAsString().find(secret) != std::string::npos;
  };
  for (const std::string& secret : {request.card.number, request.card.cvc}) {
    EXPECT_FALSE(holds(verification_init(input, 0), secret));
    EXPECT_FALSE(holds(suggestions_init(input, 0), secret));
    EXPECT_FALSE(holds(fraud_init(input, 0, "hmac", "intent", "203.0.113.9"), secret));
    EXPECT_FALSE(holds(submit_request({.order_id = input.order_id,
                                       .lines = input.lines,
                                       .total = input.total,
                                       .card_token = facts.card_token,
                                       .shipping_class = request.shipping_class,
                                       .clock = "clock",
                                       .accept_before_ms = 1'000}),
                       secret));
    EXPECT_TRUE(holds(tokenise(input, 0), secret));
  }
  EXPECT_TRUE(holds(check_card(input, 0), request.card.number));
  EXPECT_FALSE(holds(check_card(input, 0), request.card.cvc)) << "its length is enough there";
}

}  // namespace
}  // namespace bookstore::checkout
