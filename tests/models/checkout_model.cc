#include "tests/models/checkout_model.h"

#include "base/check.h"
#include "orders/order.h"
#include "tests/models/canonical.h"

namespace bookstore::models {
namespace {

bool ended(const Row& row) {
  return orders::terminal(row.state);
}

// Authorisations that still bind the buyer's money.
int live_authorisations(const ProviderOrder& ledger) {
  int live = 0;
  for (const Effect effect : ledger.authorised) live += effect == Effect::kApproved ? 1 : 0;
  live -= ledger.captured == Effect::kApproved ? 1 : 0;
  live -= ledger.voided == Effect::kApproved ? 1 : 0;
  return live;
}

bool frees(Reason reason) {
  switch (reason) {
    case Reason::kUnavailable:
    case Reason::kNoLeader:
    case Reason::kQueueFull:
    case Reason::kExpired:
    case Reason::kAbandoned:
      return true;
    default:
      return false;
  }
}

}  // namespace

CheckoutModel::CheckoutModel(const Scope& scope)
    : scope_(scope),
      participants_(scope_, words_),
      executor_(scope_, words_, participants_),
      shop_(scope_, executor_) {
  const bool calls_fail = scope.lost_calls + scope.silent_calls + scope.payment_crashes > 0;
  BOOKSTORE_CHECK(!scope.prompt || (!scope.stale_leader && !calls_fail && !scope.operators),
                  "participants cannot be prompt in this scope");
}

State CheckoutModel::initial() {
  State state{};
  state.keys.fill(-1);
  state.heard_order.fill(-1);
  executor_.start(state);
  return state;
}

void CheckoutModel::all_moves(const State& state, Moves& moves) {
  if (executor_.prompt_moves(state, moves)) return participants_.moves(state, moves);
  shop_.moves(state, moves);
  executor_.moves(state, moves);
  participants_.moves(state, moves);
}

void CheckoutModel::canonical(const State& state, std::string& bytes) const {
  Canonical(scope_, executor_.log(), state, bytes).write();
}

const char* CheckoutModel::violated(const State& state) const {
  if (state.violated != nullptr) return state.violated;
  const Inventory& stock = state.inventory;
  if (stock.held < 0 || stock.sold < 0) return "a number of the stock is negative";
  if (stock.held + stock.sold > scope_.stock) return "more is held and sold than there was";
  int holding = 0;
  int consumed = 0;
  for (const inventory::State row : stock.rows) {
    holding += row == inventory::State::kPrepared ? 1 : 0;
    consumed += row == inventory::State::kCommitted ? 1 : 0;
  }
  if (holding != stock.held || consumed != stock.sold) return "the stock differs from its rows";
  for (int order = 0; order < scope_.orders; ++order) {
    if (const char* broken = violated_by_order(state, order)) return broken;
  }
  for (int key = 0; key < scope_.keys; ++key) {
    if (const char* broken = Shop::contradicted(state, key)) return broken;
  }
  return nullptr;
}

const char* CheckoutModel::violated_by_order(const State& state, int order) const {
  const auto at = static_cast<size_t>(order);
  const Row& row = state.rows[at];
  if (!row.exists) return nullptr;
  const Observed& observed = state.observed[at];
  const ProviderOrder& ledger = state.provider[at];
  const inventory::State held = state.inventory.rows[at];
  const bool captured = ledger.captured == Effect::kApproved;
  if (captured && ledger.voided == Effect::kApproved) return "captured and voided";
  const bool keyed = state.keys[static_cast<size_t>(row.key)] == order;
  if (!keyed && !(row.state == orders::State::kRejected && frees(row.reason))) {
    return "a key was freed for no good reason";
  }
  if (keyed && row.state == orders::State::kRejected && frees(row.reason)) {
    return "a key was not freed with its order";
  }
  if (row.state == orders::State::kRejected && observed.accepted) {
    return "a rejected order is in the log";
  }
  switch (observed.ended) {
    case orders::State::kCompleted:
      if (!captured) return "completed and not captured";
      if (held != inventory::State::kCommitted) return "completed and not consumed";
      break;
    case orders::State::kFailed:
    case orders::State::kCanceled:
      if (captured) return "captured and aborted";
      if (held == inventory::State::kPrepared || held == inventory::State::kCommitted) {
        return "an aborted order holds stock";
      }
      if (live_authorisations(ledger) > 0) return "an aborted order's authorisation is not voided";
      break;
    default:
      break;
  }
  const auto* known = executor_.machine(state.log).order(order_id(order));
  if (captured && known != nullptr && known->decision == order_executor::Decision::kAbort) {
    return "captured and aborted";
  }
  if (captured && !observed.accepted) return "captured without an accepted order";
  if (orders::terminal(observed.ended) && known == nullptr && row.state != observed.ended) {
    return "an order was retired before its row was terminal";
  }
  if (observed.accepted && !orders::terminal(observed.ended) && known == nullptr) {
    return "an accepted order is lost";
  }
  return nullptr;
}

bool CheckoutModel::good(const State& state) const {
  for (const Worker& worker : state.workers) {
    if (worker.pc != Pc::kIdle) return false;
  }
  bool parked = false;
  for (int order = 0; order < scope_.orders; ++order) {
    const auto at = static_cast<size_t>(order);
    const Row& row = state.rows[at];
    if (!row.exists) continue;
    const bool waits = row.state == orders::State::kNeedsAttention && !scope_.operators;
    parked = parked || waits;
    if (!ended(row) && !waits) return false;
    const bool completed = row.state == orders::State::kCompleted;
    if (!waits && live_authorisations(state.provider[at]) != 0) return false;
    if (completed != (state.provider[at].captured == Effect::kApproved)) return false;
    // Its buyer has been told, or may try the key again.
    const auto key = static_cast<size_t>(row.key);
    if (state.keys[key] == order && state.heard[key] == Answer::kNone) return false;
  }
  if (parked) return true;
  return state.inventory.held == 0 && executor_.machine(state.log).orders().empty();
}

}  // namespace bookstore::models
