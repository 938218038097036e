#include <utility>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/status.h"
#include "checkout/problems.h"
#include "checkout/session.h"
#include "telemetry/log.h"
#include "telemetry/trace.h"

// The third part of a checkout: the outcome is durable before anybody hears of it; then the
// executor gets it; then the shopper gets the stored bytes.
namespace bookstore::checkout {
namespace {

using executor_client::SubmitResult;
using telemetry::Level;

}  // namespace

void Session::conclude(PlanResult result) {
  orders::Outcome outcome = make_outcome(result);
  outcome_ = outcome.to;
  on_database<bool>([this, outcome] { return services().orders.write_outcome(outcome, deadline_); },
                    &Session::on_outcome);
}

// Everything that is written with the outcome, and the exact bytes of the answer.
orders::Outcome Session::make_outcome(const PlanResult& result) {
  orders::Outcome outcome;
  outcome.order_id = held_->order_id;
  outcome.attempt = held_->attempt;
  outcome.card_token = facts_.card_token;
  outcome.card_brand = facts_.card_brand;
  outcome.card_last4 = facts_.card_last4;
  outcome.fraud_verdict = facts_.fraud_verdict;
  outcome.fraud_score = facts_.fraud_score;
  outcome.fraud_reasons = facts_.fraud_reasons;
  outcome.policies = result.policies;
  outcome.degraded = result.degraded;
  outcome.suggestions_json = facts_.suggestions_json;
  switch (result.kind) {
    case PlanResult::Kind::kAccept:
      outcome.to = orders::State::kSubmitting;
      describe_accepted(outcome);
      break;
    case PlanResult::Kind::kReview:
      outcome.to = orders::State::kInReview;
      describe_accepted(outcome);
      break;
    case PlanResult::Kind::kReject: {
      outcome.to = orders::State::kRejected;
      outcome.reason = result.code;
      Problem refusal = problem(result.code);
      refusal.errors = result.errors;
      answer_ = problem_answer(refusal);
      break;
    }
    case PlanResult::Kind::kUnavailable:
      outcome.to = orders::State::kRejected;
      outcome.reason = std::string(orders::kReasonUnavailable);
      outcome.policies.push_back(result.code);
      answer_ = problem_answer(problem(result.code));
      break;
  }
  if (outcome.to == orders::State::kRejected) recorder_->local("rejected");
  outcome.clock = recorder_->clock().encode();
  outcome.answer = {answer_.status, answer_.body};
  if (outcome.to == orders::State::kSubmitting) {
    outcome.submit_bytes = submit_.SerializeAsString();
  }
  return outcome;
}

// `submitting` is answered as `accepted`: nobody hears the answer before it is.
void Session::describe_accepted(orders::Outcome& outcome) {
  const bool review = outcome.to == orders::State::kInReview;
  recorder_->local(orders::to_text(outcome.to));
  orders::Order view =
      order_view(review ? orders::State::kInReview : orders::State::kAccepted, review ? 2 : 3);
  view.degraded = outcome.degraded;
  answer_ = order_answer(view);
  if (review) return;
  // The database's clock, carried on by our steady one: within the drift of two seconds.
  const base::WallMs database_ms =
      held_->database_ms + (services().clock.steady_ms() - held_at_ms_);
  outcome.accept_before_ms = database_ms + config().accept_before_ms;
  submit_ = submit_request({.order_id = held_->order_id.value,
                            .lines = held_->lines,
                            .total = held_->total,
                            .card_token = facts_.card_token,
                            .shipping_class = request_.shipping_class,
                            .clock = recorder_->clock().encode(),
                            .accept_before_ms = outcome.accept_before_ms});
}

orders::Order Session::order_view(orders::State state, int64_t revision) const {
  orders::Order order;
  order.id = held_->order_id;
  order.state = state;
  order.revision = revision;
  order.created_at_ms = held_->database_ms;
  order.updated_at_ms = held_->database_ms;
  order.lines = held_->lines;
  order.total = held_->total;
  order.shipping_class = request_.shipping_class;
  order.card_brand = facts_.card_brand;
  order.card_last4 = facts_.card_last4;
  order.suggestions_json = facts_.suggestions_json;
  order.clock = recorder_->clock().encode();
  return order;
}

void Session::on_outcome(absl::StatusOr<bool> won) {
  if (!won.ok()) {
    telemetry::log(Level::kError, "outcome_not_written",
                   {{"order_id", held_->order_id.value}, {"error", base::describe(won.status())}});
    // Not tried is not unknown: the order stays `received` and its lease lapses.
    return answer_problem(absl::IsResourceExhausted(won.status()) ? "overloaded"
                                                                  : "outcome_unknown");
  }
  if (!*won) return decide_again();
  if (outcome_ != orders::State::kSubmitting) return answer(std::move(answer_));
  first_submission_ = true;
  submit(submit_);
}

void Session::submit(const contracts::executor::SubmitRequest& request) {
  const auto self = shared_from_this();
  BOOKSTORE_CRASH_BEFORE(kSubmit);
  services().executor.submit(
      request,
      {.deadline = deadline_,
       .order = {held_->order_id.value, {static_cast<uint32_t>(held_->attempt), 0}, recorder_},
       .traceparent = context_.traceparent},
      [self](SubmitResult result) {
        self->strand_->post([self, result = std::move(result)]() mutable {
          self->on_submitted(std::move(result));
        });
      });
}

void Session::on_submitted(SubmitResult result) {
  BOOKSTORE_CRASH_AFTER(kSubmit);
  switch (result.kind) {
    case SubmitResult::Kind::kAccepted:
    case SubmitResult::Kind::kKnown:
      return on_in_log();
    case SubmitResult::Kind::kRefused:
      return refuse_submission(result.refusal);
    case SubmitResult::Kind::kUnknown:
      return answer_problem("outcome_unknown");
  }
}

// The log has it, so the row will follow: the executor projects every order that is not retired, in
// batches. Until then whoever meets the row `submitting` asks the executor.
void Session::on_in_log() {
  recorder_->local("accepted");
  answer(std::move(answer_));
}

void Session::refuse_submission(const std::string& refusal) {
  // A take-over never gives an order up for want of a leader: somebody submits it again. Only time
  // ends it.
  if (!first_submission_ && refusal != orders::kReasonExpired) {
    return answer_problem("outcome_unknown");
  }
  answer_ = problem_answer(problem(refusal));
  const std::string reason(refusal == "clock_skew" ? std::string(orders::kReasonNoLeader)
                                                   : refusal);
  on_database<bool>(
      [this, reason] {
        return services().orders.reject_submitting(held_->order_id, held_->attempt, reason,
                                                   {answer_.status, answer_.body}, deadline_);
      },
      &Session::on_refused);
}

void Session::on_refused(absl::StatusOr<bool> recorded) {
  if (!recorded.ok()) return answer_problem("outcome_unknown");
  if (!*recorded) return decide_again();
  answer(std::move(answer_));
}

// --- Answers -------------------------------------------------------------------------------------

Problem Session::problem(std::string_view code) const {
  const ProblemKind& kind = problem_kind(code);
  Problem problem;
  problem.status = kind.status;
  problem.code = std::string(kind.code);
  problem.title = std::string(kind.title);
  problem.retryable = kind.retryable;
  problem.retry_after_ms = kind.retry_after_ms;
  problem.trace_id = telemetry::trace_id(context_.traceparent);
  if (held_.has_value()) {
    problem.order_id = held_->order_id.value;
    problem.instance = "/v1/orders/" + held_->order_id.value;
  }
  return problem;
}

void Session::answer_problem(std::string_view code, std::string detail) {
  if (code == "outcome_unknown") ++shared_->counters.unknown;
  Problem refusal = problem(code);
  refusal.detail = std::move(detail);
  answer(problem_answer(refusal));
}

void Session::answer_database(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return answer_problem("overloaded");
  telemetry::log(Level::kError, "database_failed", {{"error", base::describe(status)}});
  answer_problem("database_unavailable");
}

void Session::answer_replay(const orders::StoredAnswer& stored, const base::OrderId& order_id) {
  replayed_ = true;
  Answer replayed = stored_answer(stored.status, stored.body, order_id);
  replayed.headers.emplace_back("Idempotency-Replayed", "true");
  answer(std::move(replayed));
}

void Session::answer(Answer answer) {
  BOOKSTORE_CHECK(done_ != nullptr, "answered twice");
  crypto::secure_zero(request_.card.number);
  crypto::secure_zero(request_.card.cvc);
  crypto::secure_zero(request_.canonical_body);
  Shared::Counters& counters = shared_->counters;
  if (replayed_) {
    ++counters.replayed;
  } else if (answer.status == 503) {
    ++counters.unavailable;
  } else if (!held_.has_value()) {
    ++counters.refused;
  } else if (answer.status != 202) {
    ++counters.rejected;
  } else {
    ++(outcome_ == orders::State::kInReview ? counters.in_review : counters.accepted);
  }
  std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace bookstore::checkout
