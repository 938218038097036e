#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "order_executor/dispatch_queue.h"
#include "order_executor/entry.h"
#include "order_executor/order_state.h"

namespace bookstore::order_executor {

// One order that the machine has accepted and not yet retired.
struct Order {
  base::OrderId id;
  State state = State::kSubmitting;
  uint64_t accepted_index = 0;  // of the Submit entry
  uint64_t index = 0;           // of the entry that made `state`
  base::WallMs changed_ms = 0;  // replicated time of that entry
  int64_t key = 0;              // place in the queue while waiting
  // Empty once the order is terminal: nothing is executed any more.
  std::vector<Line> lines;
  base::Money amount;
  std::string card_token;
  ShippingClass shipping_class = ShippingClass::kStandard;
  base::WallMs accept_before_ms = 0;

  Decision decision = Decision::kNone;
  AbortScope abort_scope = AbortScope::kBoth;
  ParkKind park_kind = ParkKind::kContradiction;  // read only while parked
  std::string reason;
  std::string clock;  // the order's vector clock after the last entry that carried one
};

// A change of an order's state, for the projection, the watch and the logs.
struct Transition {
  base::OrderId id;
  State from = State::kSubmitting;
  State to = State::kAccepted;
  std::string reason;
  uint64_t index = 0;
  base::WallMs time_ms = 0;
  std::string clock;
};

enum class Verdict : uint8_t {
  kApplied,    // the entry moved what it names (Begin, Retire: at least one of its orders)
  kKnown,      // Submit of an order that was accepted before
  kExpired,    // Submit after its accept_before
  kQueueFull,  // Submit at the queue's capacity
  kNoEffect,   // a Decide after the first, a repeated Finish, …: legal, changes nothing
  kIllegal,    // a move that the tables forbid: counted
};

struct Applied {
  Verdict verdict = Verdict::kApplied;
  std::vector<Transition> transitions;
};

// What is known of one id, waiting, executing or finished.
struct Known {
  State state = State::kAccepted;
  std::string reason;
  uint64_t index = 0;
  std::string clock = {};  // as Order::clock; empty once it is retired
};

// The replicated queue (DESIGN §4): a pure function of the entries applied so far. Refusals are
// verdicts, never errors; the same entries give the same state, byte for byte, on every replica.
// Entries are applied with strictly increasing indexes. Not thread safe: the node's thread owns it.
class OrderMachine {
 public:
  Applied apply(uint64_t index, const Entry& entry);

  // How long the id will be kept at least; 0 for one that is unknown.
  base::WallMs accept_before_ms(const base::OrderId& id) const;
  // Empty for an id that was never accepted, or whose finish was forgotten (see Retire).
  std::optional<Known> find(const base::OrderId& id) const;
  // Null for an order that is unknown or retired. Valid until the next apply.
  const Order* order(const base::OrderId& id) const;
  // Accepted and not retired, by id.
  const std::map<base::OrderId, Order>& orders() const { return orders_; }
  // Being executed (parked orders are not among them), by id.
  const std::set<base::OrderId>& executing() const { return executing_; }
  // The next waiting orders, no more than `count` and than the executing capacity leaves room for.
  std::vector<base::OrderId> next_to_begin(size_t count) const;

  // 1: the smallest key of those that wait; 0: the order does not wait. Walks the queue.
  size_t queue_place(const Order& order) const;

  size_t waiting() const { return queue_.size(); }
  size_t finished_kept() const { return finished_.size(); }
  uint64_t dispatched() const { return queue_.dispatched(); }
  uint64_t illegal() const { return illegal_; }
  base::WallMs time_ms() const { return time_ms_; }
  uint64_t applied_index() const { return applied_index_; }
  const Configure& configuration() const { return configuration_; }

  // The whole state (machine_snapshot.cc): decode ∘ encode is the identity, and equal states have
  // equal bytes. Empty for bytes that encode() of this version cannot have written.
  std::string encode() const;
  static std::optional<OrderMachine> decode(std::string_view bytes);
  // XXH3-64 of encode(); equal on replicas that applied the same entries.
  uint64_t state_hash() const;

 private:
  struct Finished {
    State state;
    std::string reason;
    uint64_t index;
    base::WallMs accept_before_ms;
  };

  Verdict on(const Submit& c, Applied& applied);
  Verdict on(const Begin& c, Applied& applied);
  Verdict on(const Decide& c, Applied& applied);
  Verdict on(const Finish& c, Applied& applied);
  Verdict on(const Park& c, Applied& applied);
  Verdict on(const Resume& c, Applied& applied);
  Verdict on(const Fail& c, Applied& applied);
  Verdict on(const Cancel& c, Applied& applied);
  Verdict on(const Retire& c, Applied& applied);
  Verdict on(const Configure& c, Applied& applied);
  Verdict on(const Time& c, Applied& applied);

  Order* find_order(const base::OrderId& id);
  void raise_accept_before(const Submit& c);
  void move(Order& order, State to, std::string reason, std::string_view clock, Applied& applied);
  void forget_finished();
  bool take_back(Order order);
  bool take_back(base::OrderId id, Finished finished);

  std::map<base::OrderId, Order> orders_;
  std::set<base::OrderId> executing_;  // exactly the orders_ in kExecuting
  DispatchQueue queue_;                // exactly the orders_ in kAccepted
  // Retired ids, kept so that a late Submit finds them; by_expiry_ holds the same ids.
  std::unordered_map<base::OrderId, Finished> finished_;
  std::set<std::pair<base::WallMs, base::OrderId>> by_expiry_;
  Configure configuration_;
  base::WallMs time_ms_ = 0;
  uint64_t applied_index_ = 0;
  uint64_t illegal_ = 0;
};

}  // namespace bookstore::order_executor
