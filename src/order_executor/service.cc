#include "order_executor/service.h"

#include "base/check.h"
#include "base/status.h"
#include "order_executor/wire.h"
#include "rpc/error_detail.h"

namespace bookstore::order_executor {
namespace {

namespace wire = contracts::executor;

constexpr int kLinesMax = 100;
constexpr uint32_t kQuantityMax = 99;
constexpr size_t kTokenLengthMax = 64;

wire::SubmitOutcome wire_outcome(Node::Outcome outcome) {
  switch (outcome) {
    case Node::Outcome::kAccepted:
      return wire::SUBMIT_OUTCOME_ACCEPTED;
    case Node::Outcome::kKnown:
      return wire::SUBMIT_OUTCOME_KNOWN;
    case Node::Outcome::kNotLeader:
      return wire::SUBMIT_OUTCOME_NOT_LEADER;
    case Node::Outcome::kQueueFull:
      return wire::SUBMIT_OUTCOME_QUEUE_FULL;
    case Node::Outcome::kExpired:
      return wire::SUBMIT_OUTCOME_EXPIRED;
    case Node::Outcome::kClockSkew:
      return wire::SUBMIT_OUTCOME_CLOCK_SKEW;
  }
  BOOKSTORE_CHECK(false, "no such outcome");
}

std::optional<ShippingClass> read_class(contracts::common::ShippingClass shipping_class) {
  switch (shipping_class) {
    case contracts::common::SHIPPING_CLASS_EXPRESS:
      return ShippingClass::kExpress;
    case contracts::common::SHIPPING_CLASS_STANDARD:
      return ShippingClass::kStandard;
    case contracts::common::SHIPPING_CLASS_ECONOMY:
      return ShippingClass::kEconomy;
    default:
      return std::nullopt;
  }
}

absl::Status wrong(std::string_view what) {
  return rpc::refuse(absl::StatusCode::kInvalidArgument, "bad_request", what);
}

absl::StatusOr<std::vector<Line>> read_lines(const wire::SubmitRequest& request) {
  if (request.lines_size() < 1 || request.lines_size() > kLinesMax) {
    return wrong("an order has 1 to 100 lines");
  }
  std::vector<Line> lines;
  for (const auto& line : request.lines()) {
    if (!base::valid_book_id(line.book_id())) return wrong("a book id is not well formed");
    if (line.quantity() < 1 || line.quantity() > kQuantityMax) {
      return wrong("a quantity is not between 1 and 99");
    }
    lines.push_back({line.book_id(), line.quantity()});
  }
  return lines;
}

wire::SubmitReply write(const Node::Submitted& submitted) {
  wire::SubmitReply reply;
  reply.set_outcome(wire_outcome(submitted.outcome));
  if (submitted.outcome == Node::Outcome::kAccepted || submitted.outcome == Node::Outcome::kKnown) {
    reply.set_state(wire_state(submitted.known.state));
    reply.set_index(submitted.known.index);
  }
  reply.set_clock(submitted.clock);
  return reply;
}

wire::WatchTransitionsReply write(const TransitionHistory::Page& page) {
  wire::WatchTransitionsReply reply;
  for (const Transition& transition : page.transitions) {
    auto& out = *reply.add_transitions();
    out.set_order_id(transition.id.value);
    out.set_state(wire_state(transition.to));
    out.set_reason(transition.reason);
    out.set_index(transition.index);
    out.set_clock(transition.clock);
  }
  reply.set_next(page.next);
  reply.set_gap(page.gap);
  return reply;
}

wire::StatusReply write(const Node::Snapshot& snapshot) {
  wire::StatusReply reply;
  reply.set_leader(snapshot.leader);
  reply.set_term(snapshot.term);
  reply.set_last_index(snapshot.last_index);
  reply.set_applied_index(snapshot.applied_index);
  reply.set_waiting(snapshot.waiting);
  reply.set_executing(snapshot.executing);
  reply.set_parked(snapshot.parked);
  reply.set_inventory_paused(snapshot.inventory_paused);
  reply.set_payment_paused(snapshot.payment_paused);
  reply.set_not_ready_reason(snapshot.not_ready_reason);
  return reply;
}

void add_submit(rpc::Server& server, Node& node) {
  server.handle_async(
      wire::kSubmit, [&node](std::shared_ptr<rpc::ServerCall> call, wire::SubmitRequest request,
                             std::function<void(absl::StatusOr<wire::SubmitReply>)> respond) {
        auto submit = read_submit(request, call->incoming_clock());
        if (!submit.ok()) return respond(submit.status());
        node.submit(std::move(*submit), [call, respond](absl::StatusOr<Node::Submitted> result) {
          if (!result.ok()) return respond(result.status());
          const auto clock = causality::VectorClock::decode(result->clock);
          if (clock) call->set_reply_clock(*clock);
          respond(write(*result));
        });
      });
}

void add_reads(rpc::Server& server, Node& node) {
  server.handle_async(
      wire::kGetOrder, [&node](std::shared_ptr<rpc::ServerCall>, wire::GetOrderRequest request,
                               std::function<void(absl::StatusOr<wire::GetOrderReply>)> respond) {
        node.find({request.order_id()}, [respond](absl::StatusOr<std::optional<Known>> known) {
          if (!known.ok()) return respond(known.status());
          respond(*known ? wire_order(**known) : wire::GetOrderReply());
        });
      });
  server.handle_async(wire::kStatus,
                      [&node](std::shared_ptr<rpc::ServerCall>, wire::StatusRequest,
                              std::function<void(absl::StatusOr<wire::StatusReply>)> respond) {
                        respond(write(node.snapshot()));
                      });
}

void add_watch(rpc::Server& server, Node& node, const base::Clock& clock) {
  server.handle_async(
      wire::kWatchTransitions,
      [&node, &clock](std::shared_ptr<rpc::ServerCall> call, wire::WatchTransitionsRequest request,
                      std::function<void(absl::StatusOr<wire::WatchTransitionsReply>)> respond) {
        // An empty answer must still arrive in time.
        constexpr base::DurationMs kForTheWayBackMs = 100;
        const base::DurationMs left_ms = call->deadline().remaining_ms(clock) - kForTheWayBackMs;
        node.watch(request.after(), std::min<base::DurationMs>(request.max_wait_ms(), left_ms),
                   [respond](absl::StatusOr<TransitionHistory::Page> page) {
                     if (!page.ok()) return respond(page.status());
                     respond(write(*page));
                   });
      });
}

}  // namespace

absl::StatusOr<Submit> read_submit(const wire::SubmitRequest& request,
                                   const causality::VectorClock& carried) {
  Submit submit;
  const auto id = base::parse_order_id(request.order_id());
  if (!id) return wrong("the order id is not well formed");
  submit.id = *id;
  BOOKSTORE_ASSIGN_OR_RETURN(submit.lines, read_lines(request));
  submit.amount = {request.amount().currency(), request.amount().minor()};
  if (submit.amount.currency.size() != 3 || submit.amount.minor <= 0) {
    return wrong("the amount is not well formed");
  }
  submit.card_token = request.card_token();
  if (submit.card_token.empty() || submit.card_token.size() > kTokenLengthMax) {
    return wrong("the card token is not well formed");
  }
  const auto shipping_class = read_class(request.shipping_class());
  if (!shipping_class) return wrong("the shipping class is unknown");
  submit.shipping_class = *shipping_class;
  auto clock = request.clock().empty() ? causality::VectorClock()
                                       : causality::VectorClock::decode(request.clock());
  if (!clock || !clock->merge(carried)) return wrong("the clock is not readable");
  submit.clock = clock->encode();
  submit.accept_before_ms = request.accept_before_ms();
  return submit;
}

void add_service(rpc::Server& server, Node& node, const base::Clock& clock) {
  add_submit(server, node);
  add_reads(server, node);
  add_watch(server, node, clock);
  add_admin(server, node);
}

}  // namespace bookstore::order_executor
