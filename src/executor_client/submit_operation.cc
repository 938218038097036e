#include "executor_client/submit_operation.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "rpc/error_detail.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;

// Empty for an outcome that this build does not know: nothing is proved by it.
std::optional<Submission::Answer> answer_of(executor::SubmitOutcome outcome) {
  using Answer = Submission::Answer;
  switch (outcome) {
    case executor::SUBMIT_OUTCOME_ACCEPTED:
      return Answer::kAccepted;
    case executor::SUBMIT_OUTCOME_KNOWN:
      return Answer::kKnown;
    case executor::SUBMIT_OUTCOME_NOT_LEADER:
      return Answer::kNotLeader;
    case executor::SUBMIT_OUTCOME_QUEUE_FULL:
      return Answer::kQueueFull;
    case executor::SUBMIT_OUTCOME_EXPIRED:
      return Answer::kExpired;
    case executor::SUBMIT_OUTCOME_CLOCK_SKEW:
      return Answer::kClockSkew;
    default:
      return std::nullopt;
  }
}

// The breaker of this process refused: the request was never sent. The executor itself never
// answers so, because it forwards no status of its own calls.
bool never_sent(const absl::Status& status) {
  const auto refusal = rpc::refusal_of(status);
  return refusal && refusal->code == "circuit_open";
}

}  // namespace

SubmitOperation::SubmitOperation(Members& members, const base::Clock& clock,
                                 const Client::Config& config, executor::SubmitRequest request,
                                 Client::CallScope scope, Done done)
    : members_(members),
      clock_(clock),
      config_(config),
      request_(std::move(request)),
      scope_(std::move(scope)),
      done_(std::move(done)),
      submission_({.members = members.size(),
                   .leader_wait_ms = config.leader_wait_ms,
                   .pause_min_ms = config.pause_min_ms,
                   .pause_max_ms = config.pause_max_ms,
                   .deadline_ms = scope_.deadline.steady_ms()}) {}

void SubmitOperation::start() {
  take(submission_.start(members_.leader(config_.leader_fresh_ms), now_ms()));
}

void SubmitOperation::stop() {
  std::function<void()> interrupt;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    interrupt = interrupt_;
  }
  if (interrupt) interrupt();
}

void SubmitOperation::running(uint64_t number, std::function<void()> interrupt) {
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    if (number != step_) return;
    interrupt_ = interrupt;
    stopped = stopped_;
  }
  if (stopped) interrupt();
}

void SubmitOperation::take(const Step& step) {
  bool stopped = false;
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++step_;
    interrupt_ = nullptr;
    stopped = stopped_;
  }
  if (stopped && !step.final()) {
    finish(submission_.stopped());
    return;
  }
  switch (step.kind) {
    case Step::Kind::kProbe:
      return probe(number);
    case Step::Kind::kSubmit:
      return submit(number, step.member);
    case Step::Kind::kAsk:
      return ask(number);
    case Step::Kind::kPause:
      return pause(step.pause_ms);
    default:
      return finish(step);
  }
}

rpc::CallOptions SubmitOperation::options(base::DurationMs timeout_ms) const {
  return {.deadline = scope_.deadline.at_most(clock_, timeout_ms),
          .order = {},
          .traceparent = scope_.traceparent};
}

void SubmitOperation::probe(uint64_t number) {
  using Probes = FanOut<decltype(executor::kStatus)>;
  const auto ended = [self = shared_from_this()](const Probes::Replies& replies) {
    std::vector<std::optional<Submission::Probe>> probes(replies.size());
    for (size_t member = 0; member < replies.size(); ++member) {
      if (!replies[member].ok()) continue;
      probes[member] = Submission::Probe{replies[member]->leader(), replies[member]->term()};
    }
    self->take(self->submission_.probed(probes, self->now_ms()));
  };
  const auto probes = Probes::start(members_, executor::kStatus, executor::StatusRequest(),
                                    options(config_.probe_timeout_ms), nullptr, ended);
  running(number, [probes] { probes->stop(); });
}

void SubmitOperation::submit(uint64_t number, size_t member) {
  rpc::CallOptions submit_options = options(config_.submit_timeout_ms);
  submit_options.order = scope_.order;
  submit_options.idempotent = false;  // only our own reply proves what became of it
  const rpc::CallHandle call = members_.client(member).call(
      executor::kSubmit, request_, std::move(submit_options),
      [self = shared_from_this(), member](absl::StatusOr<executor::SubmitReply> reply) {
        self->submitted(member, std::move(reply));
      });
  running(number, [call] { call->cancel(); });
}

void SubmitOperation::submitted(size_t member, absl::StatusOr<executor::SubmitReply> reply) {
  if (!reply.ok()) {
    members_.forget_leader(member);
    if (never_sent(reply.status())) return take(submission_.not_sent(now_ms()));
    return take(submission_.submitted(std::nullopt, std::nullopt, now_ms()));
  }
  const auto answer = answer_of(reply->outcome());
  if (answer == Submission::Answer::kNotLeader) {
    members_.forget_leader(member);
  } else if (answer && answer != Submission::Answer::kClockSkew) {
    members_.heard_leader(member);
  }
  result_.state = reply->state();
  result_.index = reply->index();
  result_.clock = reply->clock();
  take(submission_.submitted(answer, members_.find(reply->leader_hint()), now_ms()));
}

void SubmitOperation::ask(uint64_t number) {
  using Asks = FanOut<decltype(executor::kGetOrder)>;
  executor::GetOrderRequest request;
  request.set_order_id(request_.order_id());
  rpc::CallOptions ask_options = options(config_.probe_timeout_ms);
  ask_options.order = scope_.order;
  const auto asks = Asks::start(
      members_, executor::kGetOrder, request, ask_options,
      [](const executor::GetOrderReply& reply) {
        return reply.state() != executor::ORDER_STATE_UNSPECIFIED;
      },
      [self = shared_from_this()](const Asks::Replies& replies) { self->asked(replies); });
  running(number, [asks] { asks->stop(); });
}

void SubmitOperation::asked(const FanOut<decltype(executor::kGetOrder)>::Replies& replies) {
  bool known = false;
  for (const auto& reply : replies) {
    if (!reply.ok() || reply->state() == executor::ORDER_STATE_UNSPECIFIED) continue;
    // Of several the latest: a member that lags behind knows an earlier state.
    if (known && reply->index() < result_.index) continue;
    known = true;
    result_.state = reply->state();
    result_.reason = reply->reason();
    result_.index = reply->index();
  }
  take(submission_.asked(known, now_ms()));
}

void SubmitOperation::pause(base::DurationMs pause_ms) {
  // No need to interrupt it: when the members close, the timer hurries.
  members_.timer().after(pause_ms, [self = shared_from_this()] {
    self->take(self->submission_.paused(self->now_ms()));
  });
}

void SubmitOperation::finish(const Step& step) {
  using Kind = SubmitResult::Kind;
  switch (step.kind) {
    case Step::Kind::kAccepted:
      result_.kind = Kind::kAccepted;
      break;
    case Step::Kind::kKnown:
      result_.kind = Kind::kKnown;
      break;
    case Step::Kind::kRefused:
      result_ = {.kind = Kind::kRefused, .refusal = std::string(step.refusal)};
      break;
    default:
      result_ = {.kind = Kind::kUnknown};
      break;
  }
  Members& members = members_;
  const auto self = shared_from_this();
  std::exchange(done_, nullptr)(std::move(result_));
  members.leave(self);
}

}  // namespace bookstore::executor_client
