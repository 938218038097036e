#include "checkout/fake_services.h"

#include "base/check.h"

namespace bookstore::checkout {
namespace {

namespace executor_api = contracts::executor;

FakeServices::Answers good_answers() {
  FakeServices::Answers answers;
  answers.card = [](rpc::ServerCall&, const contracts::verification::CheckCardRequest&) {
    contracts::verification::CheckReply reply;
    reply.set_card_brand("visa");
    return reply;
  };
  answers.score = [](rpc::ServerCall&, const contracts::fraud::ScoreOrderRequest&) {
    contracts::fraud::ScoreOrderReply reply;
    reply.set_verdict(contracts::fraud::VERDICT_APPROVE);
    reply.set_score(0.07);
    return reply;
  };
  answers.suggest = [](rpc::ServerCall&, const contracts::suggestions::SuggestRequest&) {
    contracts::suggestions::SuggestReply reply;
    auto* book = reply.add_suggestions();
    book->set_book_id("bk_near");
    book->set_title("A near book");
    book->add_authors("Its Author");
    book->set_score(0.5);
    book->set_reason("similar to Dune");
    return reply;
  };
  answers.tokenise = [](rpc::ServerCall&, const contracts::payment::TokeniseRequest& request) {
    contracts::payment::TokeniseReply reply;
    reply.set_token("tok_" + request.order().order_id());
    reply.set_brand("visa");
    reply.set_last4(request.number().substr(request.number().size() - 4));
    return reply;
  };
  answers.submit = [](const executor_api::SubmitRequest&) {
    executor_api::SubmitReply reply;
    reply.set_outcome(executor_api::SUBMIT_OUTCOME_ACCEPTED);
    reply.set_state(executor_api::ORDER_STATE_ACCEPTED);
    reply.set_index(7);
    return reply;
  };
  answers.status = [] {
    executor_api::StatusReply reply;
    reply.set_leader(true);
    reply.set_term(1);
    return reply;
  };
  return answers;
}

}  // namespace

FakeServices::FakeServices(const base::Clock& clock)
    : clock_(clock),
      answers_(good_answers()),
      verification_ledger_({.host = "verification"}, clock),
      fraud_ledger_({.host = "fraud"}, clock),
      suggestions_ledger_({.host = "suggestions"}, clock) {
  verification_server_ = make_server(&verification_ledger_);
  pass(*verification_server_, contracts::verification::kInit);
  handle(*verification_server_, contracts::verification::kCheckBilling, &Answers::billing);
  handle(*verification_server_, contracts::verification::kCheckCard, &Answers::card);
  verification = start(*verification_server_);

  fraud_server_ = make_server(&fraud_ledger_);
  handle(*fraud_server_, contracts::fraud::kInit, &Answers::fraud_init);
  handle(*fraud_server_, contracts::fraud::kScoreOrder, &Answers::score);
  fraud = start(*fraud_server_);

  suggestions_server_ = make_server(&suggestions_ledger_);
  pass(*suggestions_server_, contracts::suggestions::kInit);
  handle(*suggestions_server_, contracts::suggestions::kSuggest, &Answers::suggest);
  pass(*suggestions_server_, contracts::suggestions::kSimilar);
  pass(*suggestions_server_, contracts::suggestions::kIndexStatus);
  suggestions = start(*suggestions_server_);

  payment_server_ = make_server(nullptr);
  handle(*payment_server_, contracts::payment::kTokenise, &Answers::tokenise);
  pass(*payment_server_, contracts::payment::kPrepare);
  pass(*payment_server_, contracts::payment::kCommit);
  pass(*payment_server_, contracts::payment::kAbort);
  payment = start(*payment_server_);
  serve_executor();
}

std::unique_ptr<rpc::Server> FakeServices::make_server(causality::Ledger* ledger) {
  return std::make_unique<rpc::Server>(rpc::Server::Config{.listen = "127.0.0.1:0", .threads = 8},
                                       clock_, ledger);
}

std::string FakeServices::start(rpc::Server& server) {
  const auto port = server.start();
  BOOKSTORE_CHECK(port.ok(), port.status().ToString());
  return "127.0.0.1:" + std::to_string(*port);
}

template <class M>
void FakeServices::handle(rpc::Server& server, const M& method, Handler<M> Answers::*handler) {
  server.handle(
      method,
      [this, handler](rpc::ServerCall& call,
                      const typename M::Request& request) -> absl::StatusOr<typename M::Reply> {
        Handler<M> answer;
        {
          const std::lock_guard lock(mutex_);
          answer = answers_.*handler;
        }
        if constexpr (std::is_same_v<M, Tokenise>) ++tokenised_;
        if (!answer) return typename M::Reply();
        return answer(call, request);
      });
}

template <class M>
void FakeServices::pass(rpc::Server& server, const M& method) {
  server.handle(
      method,
      [](rpc::ServerCall&, const typename M::Request&) -> absl::StatusOr<typename M::Reply> {
        return typename M::Reply();
      });
}

void FakeServices::remember(const executor_api::SubmitRequest& request) {
  const std::lock_guard lock(mutex_);
  submitted_[request.order_id()] = request;
}

void FakeServices::serve_executor() {
  executor_server_.submit = [this](const executor_api::SubmitRequest& request) {
    ++submits_;
    decltype(Answers::submit) answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answers_.submit;
    }
    auto reply = answer(request);
    if (reply.ok() && reply->outcome() == executor_api::SUBMIT_OUTCOME_ACCEPTED) remember(request);
    return reply;
  };
  executor_server_.get_order = [this](const executor_api::GetOrderRequest& request) {
    executor_api::GetOrderReply reply;
    const std::lock_guard lock(mutex_);
    if (submitted_.contains(request.order_id())) {
      reply.set_state(executor_api::ORDER_STATE_ACCEPTED);
      reply.set_index(7);
    }
    return reply;
  };
  executor_server_.status = [this] {
    decltype(Answers::status) answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answers_.status;
    }
    return answer();
  };
  executor = executor_server_.start(clock_);
}

}  // namespace bookstore::checkout
