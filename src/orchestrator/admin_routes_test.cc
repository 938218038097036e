#include "orchestrator/admin_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "json/json.h"
#include "orchestrator/fake_exchange.h"
#include "orchestrator/routes.h"

namespace bookstore::orchestrator {
namespace {

using checkout::ReviewVerdict;
using executor_client::AdminResult;
using ::testing::HasSubstr;

constexpr char kOrderId[] = "ord_01J0000000000000000000000A";

// One order in review, an executor that does as it is told, and an operator who has the token.
class AdminRoutesTest : public ::testing::Test {
 protected:
  AdminRoutesTest() {
    view_.order.id = {kOrderId};
    view_.order.state = orders::State::kInReview;
    view_.order.revision = 2;
    view_.order.total = {"EUR", 100};
    view_.was_in_review = true;
    view_.customer = {"Ada", "ada@example.org"};
    ports_.database = &database_;
    ports_.clock = &clock_;
    ports_.admin_token = std::make_shared<const AdminToken>(crypto::Secret(kToken));
    ports_.read_order = [this](const base::OrderId& id,
                               base::Deadline) -> absl::StatusOr<orders::Order> {
      if (id != view_.order.id) return absl::NotFoundError("none");
      return view_.order;
    };
    ports_.read_operator_view = [this](const base::OrderId& id,
                                       base::Deadline) -> absl::StatusOr<orders::OperatorView> {
      if (id != view_.order.id) return absl::NotFoundError("none");
      return view_;
    };
    ports_.list_orders = [this](
                             const orders::ListQuery& query,
                             base::Deadline) -> absl::StatusOr<std::vector<orders::ListedOrder>> {
      query_ = query;
      return listed_;
    };
    ports_.describe_order = [this](const base::OrderId&, base::Deadline, const auto& done) {
      done(described_);
    };
    ports_.review = [this](const checkout::ReviewCall& call, const auto& done) {
      reviewed_ = call;
      done(verdict_);
    };
    ports_.retry_order = [this](const base::OrderId&, const std::string&, base::Deadline,
                                const auto& done) {
      ++retries_;
      done(result_);
    };
    ports_.abort_order = [this](const base::OrderId&, const std::string&, base::Deadline,
                                const auto& done) {
      ++aborts_;
      done(result_);
    };
    add_admin_routes(router_, ports_);
  }

  http::Response send(const std::string& method, const std::string& path,
                      http::Headers headers = {}, const std::string& body = "") {
    http::Request request{.method = method, .path = "/admin/v1/orders" + path};
    request.headers = std::move(headers);
    if (!request.headers.has("Authorization"))
      request.headers.set("Authorization", "Bearer " + base::to_hex(kToken));
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = body;
    const size_t mark = request.path.find('?');
    if (mark != std::string::npos) {
      request.query = *http::parse_query(request.path.substr(mark + 1));
      request.path.resize(mark);
    }
    return serve(router_, std::move(request))->answer();
  }
  http::Response act(const std::string& action, http::Headers headers = {},
                     const std::string& body = "") {
    return send("POST", std::string("/") + kOrderId + "/" + action, std::move(headers), body);
  }
  static std::string code(const http::Response& response) {
    return std::string(json::parse(response.body)->at("code").as_string());
  }
  json::Value actions() {
    return json::parse(send("GET", std::string("/") + kOrderId).body)->at("operator").at("actions");
  }

  const std::string kToken = std::string(32, 't');
  base::SystemClock clock_;
  orders::OperatorView view_;
  std::vector<orders::ListedOrder> listed_;
  orders::ListQuery query_;
  absl::StatusOr<contracts::executor::DescribeOrderReply> described_ =
      contracts::executor::DescribeOrderReply();
  std::optional<checkout::ReviewCall> reviewed_;
  absl::StatusOr<ReviewVerdict> verdict_ = ReviewVerdict::kDecided;
  absl::StatusOr<AdminResult> result_ = AdminResult{};
  int retries_ = 0, aborts_ = 0;
  base::WorkerPool database_{"db", 1, 8};
  Ports ports_;
  http::Router router_;
};

TEST_F(AdminRoutesTest, WithoutTheTokenNothingIsShownAndNothingIsDone) {
  const std::string order = std::string("/") + kOrderId;
  const std::pair<const char*, std::string> requests[] = {{"GET", ""},
                                                          {"GET", order},
                                                          {"POST", order + "/approve"},
                                                          {"POST", order + "/decline"},
                                                          {"POST", order + "/retry"},
                                                          {"POST", order + "/abort"}};
  ASSERT_EQ(std::size(requests), router_.routes().size()) << "every route is tried";
  for (const auto& [method, path] : requests) {
    const auto missing = send(method, path, {{"Authorization", ""}});
    EXPECT_EQ(missing.status, 401) << path;
    EXPECT_EQ(code(missing), "token_missing");
    EXPECT_THAT(std::string(missing.headers.get("WWW-Authenticate")), HasSubstr("Bearer"));
    const auto wrong =
        send(method, path, {{"Authorization", "Bearer " + base::to_hex(std::string(32, 'x'))}});
    EXPECT_EQ(wrong.status, 403) << path;
    EXPECT_EQ(code(wrong), "token_wrong");
  }
  EXPECT_FALSE(reviewed_);
  EXPECT_EQ(retries_ + aborts_, 0);
}

TEST_F(AdminRoutesTest, AnOrderIsShownWithWhatMayBeDoneWithIt) {
  const auto shown = send("GET", std::string("/") + kOrderId);
  EXPECT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.headers.get("ETag"), "\"2\"");
  EXPECT_EQ(shown.headers.get("Cache-Control"), "no-store");
  EXPECT_THAT(shown.body, HasSubstr("ada@example.org"));
  EXPECT_EQ(actions(), json::Value({"approve", "decline"}));

  view_.order.state = orders::State::kNeedsAttention;
  described_->mutable_order()->set_state(contracts::executor::ORDER_STATE_NEEDS_ATTENTION);
  described_->set_abort_refusal("it is decided");
  EXPECT_EQ(actions(), json::Value({"retry"}));
  described_ = absl::UnavailableError("away");
  EXPECT_EQ(actions(), json::Value(json::Array()));
  EXPECT_THAT(send("GET", std::string("/") + kOrderId).body, HasSubstr("\"error\":\"UNAVAILABLE"));
  EXPECT_EQ(send("GET", "/ord_01J0000000000000000000000B").status, 404);
  EXPECT_EQ(send("GET", "/nonsense").status, 404);
}

TEST_F(AdminRoutesTest, AListHasPagesAndItsParametersAreJudged) {
  for (const char* id : {"ord_01J0000000000000000000000A", "ord_01J0000000000000000000000B",
                         "ord_01J0000000000000000000000C"}) {
    listed_.push_back({.id = {id}});
  }
  const auto page = send("GET", "?state=in_review&limit=2&cursor=ord_01J00000000000000000000009");
  ASSERT_EQ(page.status, 200) << page.body;
  EXPECT_EQ(query_.state, orders::State::kInReview);
  EXPECT_EQ(query_.after, "ord_01J00000000000000000000009");
  EXPECT_EQ(query_.limit, 3u) << "one more tells of another page";
  const auto body = json::parse(page.body);
  EXPECT_EQ(body->at("items").as_array().size(), 2u);
  EXPECT_EQ(body->at("next_cursor").as_string(), "ord_01J0000000000000000000000B");
  EXPECT_TRUE(json::parse(send("GET", "?limit=3").body)->at("next_cursor").is_null());

  const auto wrong = send("GET", "?state=lost&limit=101&cursor=x");
  EXPECT_EQ(wrong.status, 400);
  for (const char* pointer : {"query:state", "query:limit", "query:cursor"}) {
    EXPECT_THAT(wrong.body, HasSubstr(pointer));
  }
}

TEST_F(AdminRoutesTest, ADecisionNamesWhatWasLookedAtWhoDecidedAndWhy) {
  const auto approved =
      act("approve", {{"If-Match", "\"2\""}}, R"({"reason":"a good customer","by":"ada"})");
  EXPECT_EQ(approved.status, 200) << approved.body;
  ASSERT_TRUE(reviewed_);
  EXPECT_EQ(reviewed_->order_id.value, kOrderId);
  EXPECT_TRUE(reviewed_->approve);
  EXPECT_EQ(reviewed_->revision, 2);
  EXPECT_EQ(reviewed_->by, "ada");
  EXPECT_EQ(reviewed_->note, "a good customer");

  EXPECT_EQ(act("decline").status, 200);
  EXPECT_FALSE(reviewed_->approve);
  EXPECT_FALSE(reviewed_->revision);
  EXPECT_EQ(reviewed_->by, "operator");
}

TEST_F(AdminRoutesTest, EachVerdictOfAReviewHasItsAnswer) {
  const std::pair<absl::StatusOr<ReviewVerdict>, std::pair<int, const char*>> cases[] = {
      {ReviewVerdict::kNoSuchOrder, {404, "no_such_order"}},
      {ReviewVerdict::kNotInReview, {409, "not_in_review"}},
      {ReviewVerdict::kStale, {412, "revision_mismatch"}},
      {absl::ResourceExhaustedError("full"), {503, "overloaded"}},
      {absl::UnavailableError("lost"), {503, "outcome_unknown"}}};
  for (const auto& [verdict, expected] : cases) {
    verdict_ = verdict;
    const auto answer = act("approve");
    EXPECT_EQ(answer.status, expected.first) << answer.body;
    EXPECT_EQ(code(answer), expected.second);
  }
}

TEST_F(AdminRoutesTest, RetryAndAbortAreTheExecutorsToGrant) {
  EXPECT_EQ(act("retry").status, 200);
  EXPECT_EQ(retries_, 1);
  EXPECT_EQ(code(act("abort")), "validation_failed") << "why?";
  EXPECT_EQ(aborts_, 0);
  EXPECT_EQ(act("abort", {}, R"({"reason":"the customer asked"})").status, 200);
  EXPECT_EQ(aborts_, 1);

  result_ = AdminResult{
      .kind = AdminResult::Kind::kRefused, .code = "decided_commit", .sentence = "It is paid."};
  const auto refused = act("retry");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("decided_commit"));
  EXPECT_THAT(refused.body, HasSubstr("It is paid."));
  result_ = AdminResult{.kind = AdminResult::Kind::kUnknownOrder};
  EXPECT_EQ(code(act("retry")), "action_refused");
  result_ = absl::UnavailableError("no leader");
  EXPECT_EQ(code(act("retry")), "no_leader");
  result_ = absl::DeadlineExceededError("late");
  EXPECT_EQ(code(act("retry")), "outcome_unknown");
  const int asked = retries_;
  EXPECT_EQ(send("POST", "/ord_01J0000000000000000000000B/retry").status, 404);
  EXPECT_EQ(retries_, asked) << "the executor is not asked about what is no order";
}

TEST_F(AdminRoutesTest, AWrongBodyIsRefusedBeforeAnythingIsDone) {
  EXPECT_EQ(code(act("approve", {}, "{")), "malformed_json");
  EXPECT_EQ(code(act("approve", {}, "[]")), "validation_failed");
  EXPECT_EQ(code(act("approve", {}, R"({"by":""})")), "validation_failed");
  EXPECT_EQ(code(act("approve", {}, R"({"becuase":"x"})")), "validation_failed");
  http::Request form{.method = "POST",
                     .path = std::string("/admin/v1/orders/") + kOrderId + "/approve"};
  form.headers = {{"Authorization", "Bearer " + base::to_hex(kToken)},
                  {"Content-Type", "text/plain"}};
  form.body = "yes";
  EXPECT_EQ(serve(router_, form)->answer().status, 415);
  EXPECT_FALSE(reviewed_);
  verdict_ = ReviewVerdict::kStale;
  EXPECT_EQ(act("approve", {{"If-Match", "yes"}}).status, 412);
  EXPECT_EQ(reviewed_->revision, 0) << "no order has that one";
}

}  // namespace
}  // namespace bookstore::orchestrator
