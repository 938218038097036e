#include "payment/service.h"

#include <map>

#include "base/check.h"
#include "base/status.h"
#include "contracts/methods.h"
#include "crypto/secret.h"
#include "rpc/error_detail.h"
#include "telemetry/log.h"

namespace bookstore::payment {
namespace {

namespace wire = contracts::payment;

// Zeroes number and code when the call is over, whatever way it went.
class ZeroCard {
 public:
  // rpc::Server hands out its own request object as const and drops it after the handler.
  explicit ZeroCard(const wire::TokeniseRequest& request)
      : request_(const_cast<wire::TokeniseRequest&>(request)) {}
  ~ZeroCard() {
    crypto::secure_zero(*request_.mutable_number());
    crypto::secure_zero(*request_.mutable_cvc());
  }
  ZeroCard(const ZeroCard&) = delete;
  ZeroCard& operator=(const ZeroCard&) = delete;

 private:
  wire::TokeniseRequest& request_;
};

absl::StatusOr<wire::TokeniseReply> tokenise(Vault& vault, rpc::ServerCall& call,
                                             const wire::TokeniseRequest& request) {
  const ZeroCard zero(request);
  const auto answer =
      vault.tokenise({.order_id = request.order().order_id(),
                      .epoch = {request.order().attempt(), request.order().restart()},
                      .card = {request.number(), request.expiry_month(), request.expiry_year(),
                               request.holder_name()},
                      .cvc = request.cvc(),
                      .clock = call.incoming_clock()},
                     call.deadline());
  if (!answer.ok() && answer.status().code() == absl::StatusCode::kInvalidArgument) {
    return answer.status();
  }
  if (!answer.ok()) {
    return rpc::refuse(answer.status().code(), "payment_unavailable",
                       base::view(answer.status().message()), /*retryable=*/true);
  }
  call.set_reply_clock(answer->clock);
  wire::TokeniseReply reply;
  reply.set_token(answer->token);
  reply.set_refusal_code(answer->refusal);
  reply.set_brand(answer->brand);
  reply.set_last4(answer->last4);
  return reply;
}

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
    case Answer::kPending:
      return wire::PARTICIPANT_STATE_PENDING;
  }
  BOOKSTORE_CHECK(false, "no such answer");
}

std::string token_of(const wire::PrepareOrder& order) {
  return order.token();
}
std::string token_of(const wire::FinishOrder&) {
  return {};
}

template <class Request>
absl::StatusOr<std::vector<OrderCall>> read(const Request& request) {
  std::vector<OrderCall> orders;
  for (const auto& order : request.orders()) {
    const auto clock = causality::VectorClock::decode(order.clock());
    if (!clock) return absl::InvalidArgumentError("an order's clock is not readable");
    orders.push_back({order.order_id(),
                      token_of(order),
                      {order.amount().currency(), order.amount().minor()},
                      *clock});
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
          "bookstore_payment_answers_total", "Answers to the coordinator, by order",
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
void add_method(rpc::Server& server, Payments& payments, telemetry::Registry& metrics,
                const M& method, Ask ask) {
  server.handle(method,
                [&payments, ask, counted = Answers(metrics, ask)](
                    rpc::ServerCall& call,
                    const typename M::Request& request) -> absl::StatusOr<wire::ParticipantReply> {
                  BOOKSTORE_ASSIGN_OR_RETURN(const auto orders, read(request));
                  BOOKSTORE_ASSIGN_OR_RETURN(
                      const auto answers,
                      payments.call(ask, request.fence(), orders, call.deadline()));
                  counted.given(answers);
                  return write(answers);
                });
}

}  // namespace

void add_service(rpc::Server& server, Vault& vault, Payments& payments,
                 telemetry::Registry& metrics) {
  server.handle(wire::kTokenise,
                [&vault](rpc::ServerCall& call, const wire::TokeniseRequest& request) {
                  return tokenise(vault, call, request);
                });
  add_method(server, payments, metrics, wire::kPrepare, Ask::kPrepare);
  add_method(server, payments, metrics, wire::kCommit, Ask::kCommit);
  add_method(server, payments, metrics, wire::kAbort, Ask::kAbort);
}

void add_metrics(telemetry::Registry& metrics, const Payments& payments,
                 const VaultSweeper& sweeper) {
  const auto calls = [&](const std::string& what) -> telemetry::Counter& {
    return metrics.counter("bookstore_payment_provider_calls_total",
                           "Conversations with the provider: begun, without an outcome, answered "
                           "after their caller had left, not begun for want of room",
                           {{"what", what}});
  };
  const auto removed = [&](const std::string& why) -> telemetry::Counter& {
    return metrics.counter("bookstore_payment_vault_removed_total", "Cards taken out of the vault",
                           {{"why", why}});
  };
  auto& failures = metrics.counter("bookstore_payment_vault_sweep_failures_total",
                                   "Sweeps of the vault that the database did not let end");
  metrics.on_collect([&payments, &sweeper, &started = calls("started"), &unknown = calls("unknown"),
                      &late = calls("late"), &not_admitted = calls("not_admitted"),
                      &ended = removed("order_ended"), &unnamed = removed("unnamed"), &failures] {
    const auto provider = payments.provider_counters();
    started.raise_to(provider.started);
    unknown.raise_to(provider.unknown);
    late.raise_to(provider.late);
    not_admitted.raise_to(provider.not_admitted);
    const auto swept = sweeper.counters();
    ended.raise_to(swept.swept.ended);
    unnamed.raise_to(swept.swept.unnamed);
    failures.raise_to(swept.failures);
  });
}

}  // namespace bookstore::payment
