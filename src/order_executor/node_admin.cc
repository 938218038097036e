// What operators ask of the node.
#include "base/check.h"
#include "order_executor/node.h"

namespace bookstore::order_executor {

void Node::retry(base::OrderId id, AdminDone done) {
  ask_admin(plan_retry, std::move(id), std::move(done));
}

void Node::abort(base::OrderId id, AdminDone done) {
  ask_admin(plan_abort, std::move(id), std::move(done));
}

void Node::describe(base::OrderId id,
                    std::function<void(absl::StatusOr<std::optional<OrderDetail>>)> done) {
  const bool taken = inbox_->try_post(
      [this, id = std::move(id), done] {
        auto detail = order_executor::describe(replica_->machine(), replica_->two_phase(), id,
                                               clock_.steady_ms());
        if (detail) detail->leader = leading();
        done(std::move(detail));
      },
      config_.inbox_max);
  if (!taken) done(absl::UnavailableError("the order executor is overloaded or stopping"));
}

void Node::ask_admin(Planner plan, base::OrderId id, AdminDone done) {
  const bool taken =
      inbox_->try_post([this, plan, id = std::move(id),
                        done]() mutable { on_admin(plan, std::move(id), std::move(done)); },
                       config_.inbox_max);
  if (!taken) done(absl::UnavailableError("the order executor is overloaded or stopping"));
}

void Node::on_admin(Planner plan, base::OrderId id, AdminDone done) {
  if (!leading()) return done(AdminAnswer{AdminAnswer::Outcome::kNotLeader, {}, {}});
  Plan planned = plan(replica_->machine(), id);
  if (const auto* refusal = std::get_if<Refusal>(&planned)) {
    return done(refuse(id, *refusal));
  }
  Waiting waiting{std::move(std::get<Command>(planned)), nullptr};
  waiting.done = [this, plan, id, done](absl::StatusOr<const Committed*> committed) {
    if (!committed.ok()) return done(committed.status());
    if ((*committed)->applied.verdict == Verdict::kApplied) {
      return done(AdminAnswer{AdminAnswer::Outcome::kDone, {}, *replica_->machine().find(id)});
    }
    // An entry in front of ours changed the order: asked again about what it is now.
    const bool taken = inbox_->post([this, plan, id, done] { on_admin(plan, id, done); });
    if (!taken) done(absl::UnavailableError("the order executor is stopping"));
  };
  batch_.push_back(std::move(waiting));
}

Node::AdminAnswer Node::refuse(const base::OrderId& id, const Refusal& refusal) const {
  const auto known = replica_->machine().find(id);
  if (!known) return {AdminAnswer::Outcome::kUnknownOrder, refusal, {}};
  return {AdminAnswer::Outcome::kRefused, refusal, *known};
}

}  // namespace bookstore::order_executor
