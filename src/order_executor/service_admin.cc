// The operators' part of the service.
#include "base/check.h"
#include "order_executor/service.h"
#include "order_executor/wire.h"

namespace bookstore::order_executor {
namespace {

namespace wire = contracts::executor;
using Outcome = Node::AdminAnswer::Outcome;

wire::AdminOutcome wire_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return wire::ADMIN_OUTCOME_DONE;
    case Outcome::kRefused:
      return wire::ADMIN_OUTCOME_REFUSED;
    case Outcome::kUnknownOrder:
      return wire::ADMIN_OUTCOME_UNKNOWN_ORDER;
    case Outcome::kNotLeader:
      return wire::ADMIN_OUTCOME_NOT_LEADER;
  }
  BOOKSTORE_CHECK(false, "no such outcome");
}

wire::OrderDecision wire_decision(Decision decision) {
  switch (decision) {
    case Decision::kNone:
      return wire::ORDER_DECISION_NONE;
    case Decision::kCommit:
      return wire::ORDER_DECISION_COMMIT;
    case Decision::kAbort:
      break;
  }
  return wire::ORDER_DECISION_ABORT;
}

wire::OrderPark wire_park(const std::optional<ParkKind>& parked) {
  if (!parked) return wire::ORDER_PARK_NONE;
  return *parked == ParkKind::kCaptureRefused ? wire::ORDER_PARK_CAPTURE_REFUSED
                                              : wire::ORDER_PARK_CONTRADICTION;
}

wire::AdminReply write(const Node::AdminAnswer& answer) {
  wire::AdminReply reply;
  reply.set_outcome(wire_outcome(answer.outcome));
  reply.set_refusal_code(answer.refusal.code);
  reply.set_refusal(answer.refusal.sentence);
  if (answer.outcome == Outcome::kDone || answer.outcome == Outcome::kRefused) {
    reply.set_state(wire_state(answer.known.state));
    reply.set_reason(answer.known.reason);
    reply.set_index(answer.known.index);
  }
  return reply;
}

wire::DescribeOrderReply write(const OrderDetail& detail) {
  wire::DescribeOrderReply reply;
  *reply.mutable_order() = wire_order(detail.known);
  reply.set_leader(detail.leader);
  reply.set_retired(detail.retired);
  reply.set_retry_refusal(detail.retry_refusal);
  reply.set_abort_refusal(detail.abort_refusal);
  reply.set_inventory_paused(detail.inventory_paused);
  reply.set_payment_paused(detail.payment_paused);
  reply.set_queue_length(detail.queue_length);
  if (detail.retired) return reply;
  reply.set_decision(wire_decision(detail.decision));
  reply.set_park(wire_park(detail.parked));
  reply.set_shipping_class(wire_class(detail.shipping_class));
  reply.mutable_amount()->set_currency(detail.amount.currency);
  reply.mutable_amount()->set_minor(detail.amount.minor);
  reply.set_since_ms(detail.since_ms);
  reply.set_accept_before_ms(detail.accept_before_ms);
  reply.set_queue_place(detail.queue_place);
  reply.set_queue_key_ms(detail.queue_key_ms);
  if (detail.progress) {
    reply.set_waits_for(detail.progress->waits_for);
    reply.set_asked(detail.progress->asked);
    reply.set_tries(detail.progress->tries);
    reply.set_next_try_in_ms(detail.progress->next_try_in_ms);
  }
  return reply;
}

}  // namespace

void add_admin(rpc::Server& server, Node& node) {
  using Respond = std::function<void(absl::StatusOr<wire::AdminReply>)>;
  const auto responder = [](Respond respond) -> Node::AdminDone {
    return [respond = std::move(respond)](absl::StatusOr<Node::AdminAnswer> answer) {
      if (!answer.ok()) return respond(answer.status());
      respond(write(*answer));
    };
  };
  server.handle_async(wire::kRetryOrder,
                      [&node, responder](std::shared_ptr<rpc::ServerCall>,
                                         wire::AdminRequest request, Respond respond) {
                        node.retry({request.order_id()}, responder(std::move(respond)));
                      });
  server.handle_async(wire::kAbortOrder,
                      [&node, responder](std::shared_ptr<rpc::ServerCall>,
                                         wire::AdminRequest request, Respond respond) {
                        node.abort({request.order_id()}, responder(std::move(respond)));
                      });
  server.handle_async(
      wire::kDescribeOrder,
      [&node](std::shared_ptr<rpc::ServerCall>, wire::GetOrderRequest request,
              std::function<void(absl::StatusOr<wire::DescribeOrderReply>)> respond) {
        node.describe({request.order_id()}, [respond](auto detail) {
          if (!detail.ok()) return respond(detail.status());
          respond(*detail ? write(**detail) : wire::DescribeOrderReply());
        });
      });
}

}  // namespace bookstore::order_executor
