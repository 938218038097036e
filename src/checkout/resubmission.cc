#include "checkout/resubmission.h"

#include <utility>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/status.h"
#include "checkout/answer.h"
#include "checkout/problems.h"
#include "telemetry/log.h"

namespace bookstore::checkout {
namespace {

using executor_client::SubmitResult;

constexpr base::DurationMs kDatabaseMs = 2'000;

void log_failure(const base::OrderId& order_id, const absl::Status& status) {
  telemetry::log(telemetry::Level::kWarning, "takeover_not_recorded",
                 {{"order_id", order_id.value}, {"error", base::describe(status)}});
}

}  // namespace

contracts::executor::SubmitRequest stored_submit(const orders::TakenOver& order) {
  contracts::executor::SubmitRequest request;
  const bool parsed = request.ParseFromString(order.submit_bytes);
  BOOKSTORE_CHECK(parsed, "the stored Submit of ", order.order_id.value, " is damaged");
  request.set_accept_before_ms(order.accept_before_ms);
  return request;
}

Resubmission::Resubmission(std::shared_ptr<Shared> shared, orders::TakenOver order,
                           std::function<void()> done)
    : shared_(std::move(shared)),
      active_(*shared_),
      order_(std::move(order)),
      done_(std::move(done)) {
  const auto known = causality::VectorClock::decode(order_.clock);
  recorder_ = std::make_shared<causality::Recorder>(shared_->config.host,
                                                    known.value_or(causality::VectorClock{}));
}

void Resubmission::start() {
  const auto self = shared_from_this();
  BOOKSTORE_CRASH_BEFORE(kSubmit);
  shared_->services.executor.submit(
      stored_submit(order_),
      {.deadline = base::Deadline::after(shared_->services.clock, shared_->config.request_ms),
       .order = {order_.order_id.value, {static_cast<uint32_t>(order_.attempt), 0}, recorder_}},
      [self](SubmitResult result) { self->submitted(result); });
}

void Resubmission::submitted(const SubmitResult& result) {
  BOOKSTORE_CRASH_AFTER(kSubmit);
  const auto self = shared_from_this();
  const bool taken = shared_->services.database.try_submit([self, result] {
    self->record(result);
    self->end();
  });
  if (taken) return;
  log_failure(order_.order_id, absl::ResourceExhaustedError("the database's pool is full"));
  end();
}

// On a thread of the database's pool.
void Resubmission::record(const SubmitResult& result) {
  const auto deadline = base::Deadline::after(shared_->services.clock, kDatabaseMs);
  orders::Store& orders = shared_->services.orders;
  absl::StatusOr<bool> recorded = false;
  if (result.kind == SubmitResult::Kind::kAccepted || result.kind == SubmitResult::Kind::kKnown) {
    recorder_->local("accepted");
    recorded = record_accepted(orders, order_.order_id, order_.attempt, result,
                               recorder_->clock().encode(), deadline);
  } else if (result.kind == SubmitResult::Kind::kRefused && !order_.was_in_review &&
             result.refusal == orders::kReasonExpired) {
    // An approved order is never given up: its next take-over writes a new accept_before.
    recorded = orders.reject_submitting(order_.order_id, order_.attempt, orders::kReasonExpired,
                                        expired(), deadline);
  }
  if (!recorded.ok()) log_failure(order_.order_id, recorded.status());
}

orders::StoredAnswer Resubmission::expired() const {
  const ProblemKind& kind = problem_kind(orders::kReasonExpired);
  Problem problem;
  problem.status = kind.status;
  problem.code = std::string(kind.code);
  problem.title = std::string(kind.title);
  problem.order_id = order_.order_id.value;
  problem.retryable = kind.retryable;
  problem.retry_after_ms = kind.retry_after_ms;
  const Answer answer = problem_answer(problem);
  return {answer.status, answer.body};
}

void Resubmission::end() {
  if (auto done = std::exchange(done_, nullptr)) done();
}

}  // namespace bookstore::checkout
