#include "order_executor/admin.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

constexpr char kCanceledByOperator[] = "canceled_by_operator";
constexpr char kAbortedByOperator[] = "aborted_by_operator";

Refusal unknown_order() {
  return {"unknown_order", "the executor does not know this order"};
}

Refusal finished(const Known& known) {
  return {"finished", absl::StrCat("the order has ended: it is ",
                                   base::absl_view(orders::to_text(known.state)))};
}

Plan plan_abort_of_parked(const Order& order) {
  switch (order.decision) {
    case Decision::kNone:
      return Decide{order.id, Decision::kAbort, AbortScope::kBoth, kAbortedByOperator, ""};
    case Decision::kAbort:
      return Refusal{"decided_abort",
                     "the order is decided ABORT already and parked on the way: retry it"};
    case Decision::kCommit:
      break;
  }
  if (order.park_kind == ParkKind::kCaptureRefused) return Fail{order.id, kAbortedByOperator};
  return Refusal{"decided_commit",
                 "the order is decided COMMIT and its capture is not known to be refused: money "
                 "may have moved; retry it"};
}

std::string refusal_in(const Plan& plan) {
  const auto* refusal = std::get_if<Refusal>(&plan);
  return refusal == nullptr ? "" : refusal->sentence;
}

}  // namespace

Plan plan_retry(const OrderMachine& machine, const base::OrderId& id) {
  const auto known = machine.find(id);
  if (!known) return unknown_order();
  if (orders::terminal(known->state)) return finished(*known);
  if (known->state == State::kNeedsAttention) return Resume{id};
  return Refusal{"not_parked", absl::StrCat("the order is not parked: it is ",
                                            base::absl_view(orders::to_text(known->state)),
                                            " and goes on by itself")};
}

Plan plan_abort(const OrderMachine& machine, const base::OrderId& id) {
  const auto known = machine.find(id);
  if (!known) return unknown_order();
  if (orders::terminal(known->state)) return finished(*known);
  const Order& order = *machine.order(id);
  if (order.state == State::kAccepted) return Cancel{id, kCanceledByOperator};
  if (order.state == State::kNeedsAttention) return plan_abort_of_parked(order);
  switch (order.decision) {
    case Decision::kNone:
      return Decide{id, Decision::kAbort, AbortScope::kBoth, kAbortedByOperator, ""};
    case Decision::kAbort:
      return Refusal{"decided_abort", "the order is decided ABORT already and is being undone"};
    case Decision::kCommit:
      break;
  }
  return Refusal{"decided_commit", "the order is decided COMMIT: it will be completed"};
}

std::optional<OrderDetail> describe(const OrderMachine& machine, const TwoPhase& two_phase,
                                    const base::OrderId& id, base::SteadyMs now_ms) {
  const auto known = machine.find(id);
  if (!known) return std::nullopt;
  OrderDetail detail;
  detail.known = *known;
  detail.queue_length = machine.waiting();
  detail.inventory_paused = two_phase.paused(Participant::kInventory, now_ms);
  detail.payment_paused = two_phase.paused(Participant::kPayment, now_ms);
  detail.retry_refusal = refusal_in(plan_retry(machine, id));
  detail.abort_refusal = refusal_in(plan_abort(machine, id));
  const Order* order = machine.order(id);
  detail.retired = order == nullptr;
  if (detail.retired) return detail;
  detail.decision = order->decision;
  if (order->state == State::kNeedsAttention) detail.parked = order->park_kind;
  if (order->decision == Decision::kAbort) detail.abort_scope = order->abort_scope;
  detail.shipping_class = order->shipping_class;
  detail.amount = order->amount;
  detail.since_ms = order->changed_ms;
  detail.accept_before_ms = order->accept_before_ms;
  detail.queue_place = machine.queue_place(*order);
  if (detail.queue_place > 0) detail.queue_key_ms = order->key;
  detail.progress = two_phase.progress(id, now_ms);
  return detail;
}

}  // namespace bookstore::order_executor
