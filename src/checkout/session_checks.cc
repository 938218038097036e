#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "checkout/session.h"
#include "telemetry/log.h"
#include "telemetry/trace.h"

// The second part of a checkout: the plan says what to start and cancel, this does it.
namespace bookstore::checkout {

void Session::check(orders::Held held) {
  held_ = std::move(held);
  held_at_ms_ = services().clock.steady_ms();
  recorder_ = std::make_shared<causality::Recorder>(config().host);
  recorder_->local("received");
  plan_.emplace(Plan::Config{held_->total.minor, config().fraud_floor_minor});
  perform(plan_->begin());
}

void Session::perform(Duties duties) {
  for (const Step step : duties.cancel) {
    ++shared_->counters.steps_cancelled;
    calls_[static_cast<size_t>(step)]->cancel();
  }
  for (const Step step : duties.start) calls_[static_cast<size_t>(step)] = start_step(step);
  if (duties.result.has_value()) conclude(std::move(*duties.result));
}

void Session::finish(Step step, StepResult result) {
  calls_[static_cast<size_t>(step)].reset();
  perform(plan_->on_finished(step, std::move(result)));
}

StepInput Session::step_input() const {
  return {request_,
          held_->lines,
          held_->total,
          held_->order_id.value,
          static_cast<uint32_t>(held_->attempt),
          services().clock.wall_ms()};
}

// Every call has its own deadline inside that of the checks, and posts its end to the strand.
template <class M>
rpc::CallHandle Session::call(rpc::Client& client, const M& method,
                              const typename M::Request& request, base::DurationMs timeout_ms,
                              Step step, StepResult (*read)(const typename M::Reply&, Facts&)) {
  rpc::CallOptions options{.deadline = checks_deadline_.at_most(services().clock, timeout_ms)};
  options.order = {held_->order_id.value,
                   {static_cast<uint32_t>(held_->attempt), plan_->restarts(service_of(step))},
                   recorder_};
  options.traceparent = context_.traceparent;
  options.idempotent = true;  // by order and epoch; a token without an order dies in the vault
  auto self = shared_from_this();
  return client.call(method, request, std::move(options),
                     [self, step, read](absl::StatusOr<typename M::Reply> reply) {
                       self->strand_->post([self, step, read, reply = std::move(reply)] {
                         if (reply.ok()) return self->finish(step, read(*reply, self->facts_));
                         // CANCELLED after our own cancel is no news; otherwise it is one more
                         // failure.
                         const bool ours =
                             absl::IsCancelled(reply.status()) && self->plan_->stopping();
                         self->finish(step, ours ? StepResult{StepResult::Kind::kCancelled}
                                                 : read_failure(reply.status()));
                       });
                     });
}

namespace {

template <class Reply>
StepResult read_init(const Reply&, Facts&) {
  return {};
}

}  // namespace

rpc::CallHandle Session::start_step(Step step) {
  namespace verification = contracts::verification;
  namespace fraud = contracts::fraud;
  namespace suggestions = contracts::suggestions;
  const StepInput input = step_input();
  const uint32_t restart = plan_->restarts(service_of(step));
  const Runner::Services& to = services();
  switch (step) {
    case Step::kVerificationInit:
      return call(to.verification, verification::kInit, verification_init(input, restart),
                  config().verification_ms, step, read_init<verification::InitReply>);
    case Step::kFraudInit:
      return call(to.fraud, fraud::kInit,
                  fraud_init(input, restart, shared_->keys.card(request_.card.number),
                             shared_->keys.intent(key_.scope, context_.idempotency_key),
                             context_.client_ip),
                  config().fraud_ms, step, read_init<fraud::InitReply>);
    case Step::kSuggestionsInit:
      return call(to.suggestions, suggestions::kInit, suggestions_init(input, restart),
                  config().suggestions_ms, step, read_init<suggestions::InitReply>);
    case Step::kBilling: {
      verification::CheckBillingRequest request;
      *request.mutable_order() = order_key(input, restart);
      return call(to.verification, verification::kCheckBilling, request, config().verification_ms,
                  step, read_billing);
    }
    case Step::kScore: {
      fraud::ScoreOrderRequest request;
      *request.mutable_order() = order_key(input, restart);
      return call(to.fraud, fraud::kScoreOrder, request, config().fraud_ms, step, read_score);
    }
    case Step::kCard: {
      auto request = check_card(input, restart);
      auto handle = call(to.verification, verification::kCheckCard, request,
                         config().verification_ms, step, read_card);
      crypto::secure_zero(*request.mutable_number());
      return handle;
    }
    case Step::kTokenise: {
      auto request = tokenise(input, restart);
      auto handle = call(to.payment, contracts::payment::kTokenise, request, config().tokenise_ms,
                         step, read_tokenise);
      crypto::secure_zero(*request.mutable_number());
      crypto::secure_zero(*request.mutable_cvc());
      return handle;
    }
    case Step::kSuggest: {
      suggestions::SuggestRequest request;
      *request.mutable_order() = order_key(input, restart);
      request.set_limit(config().suggestions_limit);
      return call(to.suggestions, suggestions::kSuggest, request, config().suggestions_ms, step,
                  read_suggest);
    }
  }
  BOOKSTORE_CHECK(false, "step ", static_cast<int>(step));
  return nullptr;
}

}  // namespace bookstore::checkout
