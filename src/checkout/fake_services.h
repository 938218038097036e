#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "causality/ledger.h"
#include "contracts/methods.h"
#include "executor_client/fake_executor.h"
#include "rpc/server.h"

namespace bookstore::checkout {

// For tests: verification, fraud, suggestions, payment and the executor, real on the wire, with
// answers that a test may change at any time (under the mutex of set()). By default all is well.
class FakeServices {
 public:
  template <class M>
  using Handler = std::function<absl::StatusOr<typename M::Reply>(rpc::ServerCall&,
                                                                  const typename M::Request&)>;
  using Init = decltype(contracts::verification::kInit);
  using Billing = decltype(contracts::verification::kCheckBilling);
  using CardCheck = decltype(contracts::verification::kCheckCard);
  using FraudInit = decltype(contracts::fraud::kInit);
  using Score = decltype(contracts::fraud::kScoreOrder);
  using Suggest = decltype(contracts::suggestions::kSuggest);
  using Tokenise = decltype(contracts::payment::kTokenise);

  struct Answers {
    Handler<Billing> billing;
    Handler<CardCheck> card;
    Handler<FraudInit> fraud_init;
    Handler<Score> score;
    Handler<Suggest> suggest;
    Handler<Tokenise> tokenise;
    std::function<absl::StatusOr<contracts::executor::SubmitReply>(
        const contracts::executor::SubmitRequest&)>
        submit;
    std::function<absl::StatusOr<contracts::executor::StatusReply>()> status;
  };

  explicit FakeServices(const base::Clock& clock);

  void set(const std::function<void(Answers&)>& change) {
    const std::lock_guard lock(mutex_);
    change(answers_);
  }

  // Submits that arrived, by order id.
  std::map<std::string, contracts::executor::SubmitRequest> submitted() const {
    const std::lock_guard lock(mutex_);
    return submitted_;
  }
  size_t submits() const { return submits_; }
  size_t tokenised() const { return tokenised_; }
  // The executor knows what it was given, as an executor does that lost its answer.
  void remember(const contracts::executor::SubmitRequest& request);

  std::string verification, fraud, suggestions, payment, executor;  // HOST:PORT

 private:
  template <class M>
  void handle(rpc::Server& server, const M& method, Handler<M> Answers::*handler);
  template <class M>
  void pass(rpc::Server& server, const M& method);
  std::unique_ptr<rpc::Server> make_server(causality::Ledger* ledger);
  std::string start(rpc::Server& server);
  void serve_executor();

  const base::Clock& clock_;
  mutable std::mutex mutex_;  // guards answers_ and submitted_
  Answers answers_;
  std::map<std::string, contracts::executor::SubmitRequest> submitted_;
  std::atomic<size_t> submits_{0}, tokenised_{0};

  causality::Ledger verification_ledger_, fraud_ledger_, suggestions_ledger_;
  std::unique_ptr<rpc::Server> verification_server_, fraud_server_, suggestions_server_,
      payment_server_;
  executor_client::FakeExecutor executor_server_;
};

}  // namespace bookstore::checkout
