#include "checkout/takeover.h"

#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "causality/recorder.h"
#include "checkout/answer.h"
#include "checkout/problems.h"
#include "checkout/steps.h"
#include "telemetry/log.h"

namespace bookstore::checkout {
namespace {

using executor_client::SubmitResult;
using telemetry::Level;

constexpr size_t kBatchMax = 32;
constexpr base::DurationMs kDatabaseMs = 2'000;
constexpr int kRoundsPerSweep = 30;
constexpr size_t kSweepMax = 1'000;

void log_failure(std::string_view event, const base::OrderId& order_id,
                 const absl::Status& status) {
  telemetry::log(Level::kWarning, event,
                 {{"order_id", order_id.value}, {"error", base::describe(status)}});
}

// One order on its way to the executor once more. Whatever fails, its lease lapses again and
// somebody repeats it.
class Resubmission : public std::enable_shared_from_this<Resubmission> {
 public:
  Resubmission(std::shared_ptr<Shared> shared, orders::TakenOver order)
      : shared_(std::move(shared)), active_(*shared_), order_(std::move(order)) {
    const auto known = causality::VectorClock::decode(order_.clock);
    recorder_ = std::make_shared<causality::Recorder>(shared_->config.host,
                                                      known.value_or(causality::VectorClock{}));
  }

  void start() {
    contracts::executor::SubmitRequest request;
    const bool parsed = request.ParseFromString(order_.submit_bytes);
    BOOKSTORE_CHECK(parsed, "the stored Submit of ", order_.order_id.value, " is damaged");
    const auto self = shared_from_this();
    shared_->services.executor.submit(
        request,
        {.deadline = base::Deadline::after(shared_->services.clock, shared_->config.request_ms),
         .order = {order_.order_id.value, {static_cast<uint32_t>(order_.attempt), 0}, recorder_}},
        [self](SubmitResult result) {
          const bool taken = self->shared_->services.database.try_submit(
              [self, result = std::move(result)] { self->record(result); });
          if (!taken) {
            log_failure("takeover_not_recorded", self->order_.order_id,
                        absl::ResourceExhaustedError("the database's pool is full"));
          }
        });
  }

 private:
  // On a thread of the database's pool.
  void record(const SubmitResult& result) {
    const auto deadline = base::Deadline::after(shared_->services.clock, kDatabaseMs);
    orders::Store& orders = shared_->services.orders;
    absl::StatusOr<bool> recorded = false;
    if (result.kind == SubmitResult::Kind::kAccepted || result.kind == SubmitResult::Kind::kKnown) {
      recorder_->local("accepted");
      recorded = record_accepted(orders, order_.order_id, order_.attempt, result,
                                 recorder_->clock().encode(), deadline);
    } else if (result.kind == SubmitResult::Kind::kRefused &&
               result.refusal == orders::kReasonExpired) {
      recorded = orders.reject_submitting(order_.order_id, order_.attempt, orders::kReasonExpired,
                                          expired(), deadline);
    }
    if (!recorded.ok()) log_failure("takeover_not_recorded", order_.order_id, recorded.status());
  }

  orders::StoredAnswer expired() const {
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

  const std::shared_ptr<Shared> shared_;
  const Active active_;
  const orders::TakenOver order_;
  std::shared_ptr<causality::Recorder> recorder_;
};

}  // namespace

Takeover::Takeover(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)), thread_([this] { run(); }) {}

Takeover::~Takeover() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Takeover::run() {
  for (int round = 0;; ++round) {
    {
      std::unique_lock lock(mutex_);
      const auto pause = std::chrono::milliseconds(shared_->config.takeover_every_ms);
      if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return;
    }
    take_over_lapsed();
    if (round % kRoundsPerSweep == 0) sweep();
  }
}

void Takeover::take_over_lapsed() {
  auto taken = shared_->services.orders.take_over_lapsed(
      kBatchMax, shared_->config.lease_ms,
      base::Deadline::after(shared_->services.clock, kDatabaseMs));
  if (!taken.ok()) {
    telemetry::log(Level::kWarning, "takeover_failed", {{"error", base::describe(taken.status())}});
    return;
  }
  for (orders::TakenOver& order : *taken) {
    ++shared_->counters.taken_over;
    std::make_shared<Resubmission>(shared_, std::move(order))->start();
  }
}

void Takeover::sweep() {
  const auto deadline = base::Deadline::after(shared_->services.clock, kDatabaseMs);
  for (const auto& swept : {shared_->services.orders.reject_abandoned(kSweepMax, deadline),
                            shared_->services.orders.remove_expired_keys(kSweepMax, deadline)}) {
    if (!swept.ok()) {
      telemetry::log(Level::kWarning, "sweep_failed", {{"error", base::describe(swept.status())}});
    }
  }
}

}  // namespace bookstore::checkout
