#include "order_executor/rpc_participants.h"

#include <algorithm>

#include "base/check.h"
#include "contracts/methods.h"

namespace bookstore::order_executor {
namespace {

namespace inventory = contracts::inventory;
namespace payment = contracts::payment;

rpc::Client::Config client_config(const std::string& peer, std::vector<std::string> addresses) {
  rpc::Client::Config config{.peer = peer, .addresses = std::move(addresses)};
  // A silent provider makes every Prepare last 1.5 s: that is slow by design, and no reason to
  // stop asking. A participant that is back is to be noticed within seconds.
  config.breaker.slow_call_ms = 5'000;
  config.breaker.open_max_ms = 5'000;
  return config;
}

// Both participants use the same numbers; payment has one state more.
std::optional<ParticipantState> state_of(int state) {
  switch (state) {
    case payment::PARTICIPANT_STATE_PREPARED:
      return ParticipantState::kPrepared;
    case payment::PARTICIPANT_STATE_REFUSED:
      return ParticipantState::kRefused;
    case payment::PARTICIPANT_STATE_COMMITTED:
      return ParticipantState::kCommitted;
    case payment::PARTICIPANT_STATE_ABORTED:
      return ParticipantState::kAborted;
    case payment::PARTICIPANT_STATE_STALE_FENCE:
      return ParticipantState::kStaleFence;
    case payment::PARTICIPANT_STATE_CONTRADICTION:
      return ParticipantState::kContradiction;
    case payment::PARTICIPANT_STATE_PENDING:
      return ParticipantState::kPending;
    default:
      return std::nullopt;
  }
}
static_assert(static_cast<int>(inventory::PARTICIPANT_STATE_PREPARED) ==
              static_cast<int>(payment::PARTICIPANT_STATE_PREPARED));
static_assert(static_cast<int>(inventory::PARTICIPANT_STATE_CONTRADICTION) ==
              static_cast<int>(payment::PARTICIPANT_STATE_CONTRADICTION));

void fill(const OutgoingOrder& from, inventory::PrepareOrder& to) {
  for (const Line& line : from.lines) {
    auto& out = *to.add_lines();
    out.set_book_id(line.book_id);
    out.set_quantity(line.quantity);
  }
}
void fill(const OutgoingOrder&, inventory::FinishOrder&) {}
template <class M>
void fill_amount(const base::Money& amount, M& to) {
  to.mutable_amount()->set_currency(amount.currency);
  to.mutable_amount()->set_minor(amount.minor);
}
void fill(const OutgoingOrder& from, payment::PrepareOrder& to) {
  to.set_token(from.card_token);
  fill_amount(from.amount, to);
}
void fill(const OutgoingOrder& from, payment::FinishOrder& to) {
  fill_amount(from.amount, to);
}

template <class Reply>
std::vector<ClockedAnswer> read(const Reply& reply) {
  std::vector<ClockedAnswer> answers;
  for (const auto& order : reply.orders()) {
    // A state of a later version is no answer: the order is asked for again.
    const auto state = state_of(order.state());
    if (state) {
      answers.push_back({{{order.order_id()}, *state, order.reason()}, order.clock()});
    }
  }
  return answers;
}

template <class M>
void call_with(rpc::Client& client, const M& method, const OutgoingCall& call,
               rpc::CallOptions options, Participants::Done done) {
  typename M::Request request;
  request.set_fence(call.fence);
  for (const OutgoingOrder& order : call.orders) {
    auto& out = *request.add_orders();
    out.set_order_id(order.id.value);
    out.set_clock(order.clock);
    fill(order, out);
  }
  client.call(method, request, std::move(options),
              [done = std::move(done)](absl::StatusOr<typename M::Reply> reply) {
                if (reply.ok()) {
                  done(read(*reply));
                } else {
                  done(reply.status());
                }
              });
}

}  // namespace

RpcParticipants::RpcParticipants(const Config& config, const base::Clock& clock,
                                 base::Random& random)
    : timeout_ms_(config.timeout_ms),
      clock_(clock),
      inventory_(client_config("inventory", config.inventory), clock, random),
      payment_(client_config("payment", config.payment), clock, random) {}

void RpcParticipants::call(const OutgoingCall& call, Done done) {
  // The coordinator asks again by itself, with a back-off of its own.
  const rpc::CallOptions options{.deadline = base::Deadline::after(clock_, timeout_ms_)};
  if (call.participant == Participant::kInventory) {
    switch (call.call) {
      case Call::kPrepare:
        return call_with(inventory_, inventory::kPrepare, call, options, std::move(done));
      case Call::kCommit:
        return call_with(inventory_, inventory::kCommit, call, options, std::move(done));
      case Call::kAbort:
        return call_with(inventory_, inventory::kAbort, call, options, std::move(done));
    }
  }
  switch (call.call) {
    case Call::kPrepare:
      return call_with(payment_, payment::kPrepare, call, options, std::move(done));
    case Call::kCommit:
      return call_with(payment_, payment::kCommit, call, options, std::move(done));
    case Call::kAbort:
      return call_with(payment_, payment::kAbort, call, options, std::move(done));
  }
}

}  // namespace bookstore::order_executor
