#include "executor_client/admin_operation.h"

#include <algorithm>

#include "rpc/error_detail.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;

absl::Status no_leader() {
  return absl::UnavailableError("no member of the executor leads; nothing was done");
}

absl::StatusOr<AdminResult> read(const executor::AdminReply& reply) {
  AdminResult result;
  switch (reply.outcome()) {
    case executor::ADMIN_OUTCOME_DONE:
      result.kind = AdminResult::Kind::kDone;
      break;
    case executor::ADMIN_OUTCOME_REFUSED:
      result.kind = AdminResult::Kind::kRefused;
      break;
    case executor::ADMIN_OUTCOME_UNKNOWN_ORDER:
      result.kind = AdminResult::Kind::kUnknownOrder;
      break;
    default:
      return absl::UnknownError("the executor gave an answer that this build does not know");
  }
  result.code = reply.refusal_code();
  result.sentence = reply.refusal();
  result.state = reply.state();
  result.reason = reply.reason();
  result.index = reply.index();
  return result;
}

}  // namespace

AdminOperation::AdminOperation(Members& members, const base::Clock& clock,
                               const Client::Config& config, const Method& method,
                               const std::string& order_id, Client::CallScope scope, Done done)
    : members_(members),
      clock_(clock),
      config_(config),
      method_(method),
      scope_(std::move(scope)),
      done_(std::move(done)),
      look_until_ms_(
          std::min(scope_.deadline.steady_ms(), clock.steady_ms() + config.leader_wait_ms)) {
  request_.set_order_id(order_id);
}

void AdminOperation::start() {
  const auto leader = members_.leader(config_.leader_fresh_ms);
  if (leader) return ask(*leader);
  look();
}

void AdminOperation::stop() {
  std::function<void()> interrupt;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    interrupt = interrupt_;
  }
  if (interrupt) interrupt();
}

bool AdminOperation::stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void AdminOperation::running(std::function<void()> interrupt) {
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    interrupt_ = interrupt;
    stopped = stopped_;
  }
  if (stopped) interrupt();
}

void AdminOperation::look() {
  using Probes = FanOut<decltype(executor::kStatus)>;
  const rpc::CallOptions options{
      .deadline = scope_.deadline.at_most(clock_, config_.probe_timeout_ms),
      .order = {},
      .traceparent = scope_.traceparent};
  const auto probes = Probes::start(
      members_, executor::kStatus, executor::StatusRequest(), options, nullptr,
      [self = shared_from_this()](const Probes::Replies& replies) { self->looked(replies); });
  running([probes] { probes->stop(); });
}

void AdminOperation::looked(const FanOut<decltype(executor::kStatus)>::Replies& replies) {
  // Of two that say they lead, the one of the later term does.
  std::optional<size_t> leader;
  for (size_t member = 0; member < replies.size(); ++member) {
    if (!replies[member].ok() || !replies[member]->leader()) continue;
    if (!leader || replies[member]->term() > replies[*leader]->term()) leader = member;
  }
  if (!leader) return look_again();
  members_.heard_leader(*leader);
  ask(*leader);
}

void AdminOperation::ask(size_t member) {
  const rpc::CallOptions options{
      .deadline = scope_.deadline, .order = {}, .traceparent = scope_.traceparent};
  const rpc::CallHandle call = members_.client(member).call(
      method_, request_, options,
      [self = shared_from_this(), member](auto reply) { self->answered(member, reply); });
  running([call] { call->cancel(); });
}

void AdminOperation::answered(size_t member, const absl::StatusOr<executor::AdminReply>& reply) {
  if (reply.ok() && reply->outcome() != executor::ADMIN_OUTCOME_NOT_LEADER) {
    return finish(read(*reply));
  }
  members_.forget_leader(member);
  if (reply.ok()) return look_again();
  const auto refusal = rpc::refusal_of(reply.status());
  if (refusal && refusal->code == "circuit_open") return look_again();
  finish(absl::UnknownError("the executor did not answer, nobody knows whether it was done: " +
                            std::string(reply.status().message())));
}

void AdminOperation::look_again() {
  if (stopped() || clock_.steady_ms() >= look_until_ms_) return finish(no_leader());
  members_.timer().after(config_.pause_max_ms / 2, [self = shared_from_this()] { self->look(); });
}

void AdminOperation::finish(absl::StatusOr<AdminResult> result) {
  Members& members = members_;
  const auto self = shared_from_this();
  std::exchange(done_, nullptr)(std::move(result));
  members.leave(self);
}

}  // namespace bookstore::executor_client
