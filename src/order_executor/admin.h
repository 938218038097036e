#pragma once

#include <optional>
#include <string>
#include <variant>

#include "order_executor/order_machine.h"
#include "order_executor/two_phase.h"

// What an operator may ask for one order (DESIGN §4.9), judged on applied state. The entry that a
// plan names is judged once more when it is applied: what came before it in the log may have
// changed the order, and the first Decide wins.
namespace bookstore::order_executor {

// Why nothing was proposed. `code` is for programs, `sentence` for people.
struct Refusal {
  std::string code;
  std::string sentence;
};

using Plan = std::variant<Command, Refusal>;

// A parked order goes on from where it stopped.
Plan plan_retry(const OrderMachine& machine, const base::OrderId& id);
// A waiting order is canceled, an undecided one decided ABORT, one whose capture was refused for
// good failed. Anything else would be a lie to somebody and is refused.
Plan plan_abort(const OrderMachine& machine, const base::OrderId& id);

// An order as `bookstorectl orders show` needs it.
struct OrderDetail {
  Known known;
  bool leader = false;   // of the node that describes
  bool retired = false;  // what follows is empty then
  Decision decision = Decision::kNone;
  std::optional<ParkKind> parked;         // while parked
  std::optional<AbortScope> abort_scope;  // once decided ABORT
  ShippingClass shipping_class = ShippingClass::kStandard;
  base::Money amount;
  base::WallMs since_ms = 0;  // replicated time of the entry that made the state
  base::WallMs accept_before_ms = 0;
  size_t queue_place = 0;  // 1: next by key; 0: not waiting
  size_t queue_length = 0;
  int64_t queue_key_ms = 0;
  std::optional<Progress> progress;  // while executing
  bool inventory_paused = false, payment_paused = false;
  std::string retry_refusal, abort_refusal;  // why it would be refused; empty: it would be done
};
std::optional<OrderDetail> describe(const OrderMachine& machine, const TwoPhase& two_phase,
                                    const base::OrderId& id, base::SteadyMs now_ms);

}  // namespace bookstore::order_executor
