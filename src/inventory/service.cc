#include "inventory/service.h"

#include <map>

#include "base/check.h"
#include "base/status.h"
#include "contracts/methods.h"
#include "telemetry/log.h"

namespace bookstore::inventory {
namespace {

namespace wire = contracts::inventory;

wire::ParticipantState to_wire(Answer answer) {
  switch (answer) {
    case Answer::kPrepared:
      return wire::PARTICIPANT_STATE_PREPARED;
    case Answer::kRefused:
      return wire::PARTICIPANT_STATE_REFUSED;
    case Answer::kCommitted:
      return wire::PARTICIPANT_STATE_COMMITTED;
    case Answer::kAborted:
      return wire::PARTICIPANT_STATE_ABORTED;
    case Answer::kStaleFence:
      return wire::PARTICIPANT_STATE_STALE_FENCE;
    case Answer::kContradiction:
      return wire::PARTICIPANT_STATE_CONTRADICTION;
  }
  BOOKSTORE_CHECK(false, "no such answer");
}

std::vector<Line> lines_of(const wire::PrepareOrder& order) {
  std::vector<Line> lines;
  for (const auto& line : order.lines()) lines.push_back({line.book_id(), line.quantity()});
  return lines;
}
std::vector<Line> lines_of(const wire::FinishOrder&) {
  return {};
}

template <class Request>
absl::StatusOr<std::vector<OrderCall>> read(const Request& request) {
  std::vector<OrderCall> orders;
  for (const auto& order : request.orders()) {
    const auto clock = causality::VectorClock::decode(order.clock());
    if (!clock) return absl::InvalidArgumentError("an order's clock is not readable");
    orders.push_back({order.order_id(), lines_of(order), *clock});
  }
  return orders;
}

wire::ParticipantReply write(const std::vector<OrderAnswer>& answers) {
  wire::ParticipantReply reply;
  for (const OrderAnswer& answer : answers) {
    auto& order = *reply.add_orders();
    order.set_order_id(answer.order_id);
    order.set_state(to_wire(answer.answer));
    order.set_reason(answer.reason);
    if (!answer.events.empty()) order.set_clock(answer.clock.encode());
    for (const causality::Event& event : answer.events) {
      auto& out = *order.add_events();
      out.set_host(event.host);
      out.set_clock(event.clock.encode());
      out.set_text(event.text);
    }
  }
  return reply;
}

// How often each answer was given, and a line for each one that should never be.
class Answers {
 public:
  Answers(telemetry::Registry& metrics, Ask ask) : ask_(ask) {
    for (const Answer answer : kAnswers) {
      counters_[answer] = &metrics.counter(
          "bookstore_inventory_answers_total", "Answers to the coordinator, by order",
          {{"ask", std::string(name_of(ask))}, {"answer", std::string(name_of(answer))}});
    }
  }
  void given(const std::vector<OrderAnswer>& answers) const {
    for (const OrderAnswer& answer : answers) {
      counters_.at(answer.answer)->increment();
      if (answer.answer != Answer::kContradiction) continue;
      telemetry::log(telemetry::Level::kWarning, "contradiction",
                     {{"order_id", answer.order_id},
                      {"ask", std::string(name_of(ask_))},
                      {"reason", answer.reason}});
    }
  }

 private:
  const Ask ask_;
  std::map<Answer, telemetry::Counter*> counters_;
};

template <class M>
void add_method(rpc::Server& server, Store& store, telemetry::Registry& metrics, const M& method,
                Ask ask) {
  server.handle(method,
                [&store, ask, counted = Answers(metrics, ask)](
                    rpc::ServerCall& call,
                    const typename M::Request& request) -> absl::StatusOr<wire::ParticipantReply> {
                  BOOKSTORE_ASSIGN_OR_RETURN(const auto orders, read(request));
                  BOOKSTORE_ASSIGN_OR_RETURN(
                      const auto answers,
                      store.call(ask, request.fence(), orders, call.deadline()));
                  counted.given(answers);
                  return write(answers);
                });
}

}  // namespace

void add_service(rpc::Server& server, Store& store, telemetry::Registry& metrics) {
  add_method(server, store, metrics, wire::kPrepare, Ask::kPrepare);
  add_method(server, store, metrics, wire::kCommit, Ask::kCommit);
  add_method(server, store, metrics, wire::kAbort, Ask::kAbort);
}

}  // namespace bookstore::inventory
