#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "base/worker_pool.h"
#include "catalogue/store.h"
#include "causality/recorder.h"
#include "checkout/answer.h"
#include "checkout/lookup.h"
#include "checkout/plan.h"
#include "checkout/pricing.h"
#include "checkout/request.h"
#include "checkout/runner.h"
#include "checkout/shared.h"
#include "checkout/steps.h"
#include "executor_client/client.h"
#include "orders/store.h"
#include "rpc/client.h"

namespace bookstore::checkout {

// One request on its way. Everything but start() runs on its strand, one thing at a time, so no
// member needs a lock. Replies and the database's work post back to the strand and keep the session
// alive; it ends with exactly one answer.
//   session.cc: the key, the price, the claim · session_checks.cc: the plan and its calls ·
//   session_outcome.cc: the outcome, the Submit, the answer
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Shared> shared, CheckoutRequest request, RequestContext context,
          std::function<void(Answer)> done);

  // Answers at once when the pool has no room.
  void start();

 private:
  // Runs `work` where it may block, then `then` with its result on the strand. A full pool is
  // RESOURCE_EXHAUSTED: the work was not done.
  template <class T>
  void on_database(std::function<absl::StatusOr<T>()> work,
                   void (Session::*then)(absl::StatusOr<T>)) {
    auto self = shared_from_this();
    const bool taken = services().database.try_submit([self, work, then] {
      auto result = std::make_shared<absl::StatusOr<T>>(work());
      self->strand_->post([self, then, result] { (self.get()->*then)(std::move(*result)); });
    });
    if (taken) return;
    strand_->post([self, then] {
      (self.get()->*then)(absl::ResourceExhaustedError("the database's pool is full"));
    });
  }

  // --- session.cc
  void find_key();
  void on_lookup(absl::StatusOr<Lookup> lookup);
  void ask_executor(orders::KeyRecord record);
  void on_executor_says(const orders::KeyRecord& record, orders::ExecutorSays says);
  void on_taken_over(absl::StatusOr<std::optional<orders::TakenOver>> taken);
  void retake(const orders::KeyRecord& record);
  void on_retaken(absl::StatusOr<std::optional<orders::Held>> held);
  void price_items(std::map<std::string, catalogue::Price> prices);
  void claim(Priced priced);
  void on_claimed(absl::StatusOr<orders::Held> held);

  // --- session_checks.cc
  void check(orders::Held held);
  void perform(Duties duties);
  rpc::CallHandle start_step(Step step);
  template <class M>
  rpc::CallHandle call(rpc::Client& client, const M& method, const typename M::Request& request,
                       base::DurationMs timeout_ms, Step step,
                       StepResult (*read)(const typename M::Reply&, Facts&));
  void finish(Step step, StepResult result);

  // --- session_outcome.cc
  void conclude(PlanResult result);
  orders::Outcome make_outcome(const PlanResult& result);
  void describe_accepted(orders::Outcome& outcome);
  orders::Order order_view(orders::State state, int64_t revision) const;
  void on_outcome(absl::StatusOr<bool> won);
  void submit(const contracts::executor::SubmitRequest& request);
  void on_submitted(executor_client::SubmitResult result);
  void on_in_log();
  void refuse_submission(const std::string& refusal);
  void on_refused(absl::StatusOr<bool> recorded);

  // --- answers, session_outcome.cc
  Problem problem(std::string_view code) const;
  void answer_problem(std::string_view code, std::string detail = {});
  void answer_database(const absl::Status& status);
  void answer_replay(const orders::StoredAnswer& stored, const base::OrderId& order_id);
  // Once; the card is wiped first.
  void answer(Answer answer);
  // Lost a compare: look at the row again and answer as a retry would.
  void decide_again();

  const Runner::Services& services() const { return shared_->services; }
  const Runner::Config& config() const { return shared_->config; }
  StepInput step_input() const;

  const std::shared_ptr<Shared> shared_;
  const Active active_;
  CheckoutRequest request_;
  const RequestContext context_;
  std::function<void(Answer)> done_;
  const std::shared_ptr<base::Strand> strand_;
  const base::Deadline deadline_;
  const base::Deadline checks_deadline_;

  orders::Key key_;
  std::string fingerprint_;
  int rounds_ = 0;  // how often the key was looked up
  bool replaces_expired_key_ = false;

  std::optional<orders::Held> held_;  // once claimed
  base::SteadyMs held_at_ms_ = 0;     // when, by our steady clock
  std::shared_ptr<causality::Recorder> recorder_;
  std::optional<Plan> plan_;
  std::array<rpc::CallHandle, kStepCount> calls_;
  Facts facts_;

  orders::State outcome_ = orders::State::kReceived;
  contracts::executor::SubmitRequest submit_;
  Answer answer_;                  // what the outcome will be answered with
  bool first_submission_ = false;  // this attempt wrote `submitting` and has no unknown try
  bool replayed_ = false;
};

}  // namespace bookstore::checkout
