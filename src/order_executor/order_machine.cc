#include "order_executor/order_machine.h"

#include <algorithm>

#include "base/check.h"
#include "base/status.h"

namespace bookstore::order_executor {

Applied OrderMachine::apply(uint64_t index, const Entry& entry) {
  BOOKSTORE_CHECK(index > applied_index_, "entry ", index, " after ", applied_index_);
  applied_index_ = index;
  time_ms_ = std::max(time_ms_, entry.time_ms);
  Applied applied;
  applied.verdict =
      std::visit([&](const auto& command) { return on(command, applied); }, entry.command);
  if (applied.verdict == Verdict::kIllegal) ++illegal_;
  forget_finished();
  return applied;
}

Verdict OrderMachine::on(const Submit& c, Applied& applied) {
  if (find(c.id)) {
    raise_accept_before(c);
    return Verdict::kKnown;
  }
  // The predicate by which forget_finished() forgets: an id is either still known or too late.
  if (time_ms_ > c.accept_before_ms) return Verdict::kExpired;
  if (queue_.size() >= configuration_.queue_capacity) return Verdict::kQueueFull;
  Order order;
  order.id = c.id;
  order.accepted_index = applied_index_;
  order.key = time_ms_ + configuration_.class_offset_ms[static_cast<int>(c.shipping_class)];
  order.lines = c.lines;
  order.amount = c.amount;
  order.card_token = c.card_token;
  order.shipping_class = c.shipping_class;
  order.accept_before_ms = c.accept_before_ms;
  queue_.push(c.id, order.key, applied_index_);
  Order& stored = orders_.emplace(c.id, std::move(order)).first->second;
  move(stored, State::kAccepted, "", c.clock, applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Begin& c, Applied& applied) {
  for (const base::OrderId& id : c.ids) {
    Order* order = find_order(id);
    // Canceled since it was chosen, or chosen twice.
    if (order == nullptr || order->state != State::kAccepted) continue;
    if (executing_.size() >= configuration_.executing_capacity) break;
    queue_.dispatch(order->key, order->accepted_index);
    move(*order, State::kExecuting, "", "", applied);
  }
  return applied.transitions.empty() ? Verdict::kNoEffect : Verdict::kApplied;
}

Verdict OrderMachine::on(const Decide& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr) return Verdict::kIllegal;
  if (order->decision != Decision::kNone) return Verdict::kNoEffect;
  const bool parked = order->state == State::kNeedsAttention;
  if (order->state != State::kExecuting && !parked) return Verdict::kIllegal;
  // An operator may abort an undecided parked order; only the coordinator, which has every yes,
  // may commit.
  if (parked && c.decision == Decision::kCommit) return Verdict::kIllegal;
  order->decision = c.decision;
  order->abort_scope = c.abort_scope;
  if (c.decision == Decision::kAbort) order->reason = c.reason;
  if (parked) {
    move(*order, State::kExecuting, c.reason, c.clock, applied);
  } else if (!c.clock.empty()) {
    order->clock = c.clock;
  }
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Finish& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr) return Verdict::kIllegal;
  if (orders::terminal(order->state)) return Verdict::kNoEffect;
  if (order->state != State::kExecuting || order->decision == Decision::kNone) {
    return Verdict::kIllegal;
  }
  const bool commit = order->decision == Decision::kCommit;
  move(*order, commit ? State::kCompleted : State::kFailed, commit ? "" : order->reason, c.clock,
       applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Park& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr) return Verdict::kIllegal;
  if (order->state == State::kNeedsAttention) return Verdict::kNoEffect;
  if (order->state != State::kExecuting) return Verdict::kIllegal;
  order->park_kind = c.kind;
  move(*order, State::kNeedsAttention, c.reason, c.clock, applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Resume& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr || order->state != State::kNeedsAttention) return Verdict::kIllegal;
  move(*order, State::kExecuting, "", "", applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Fail& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr || order->state != State::kNeedsAttention ||
      order->park_kind != ParkKind::kCaptureRefused || order->decision != Decision::kCommit) {
    return Verdict::kIllegal;
  }
  // Nothing was captured and nothing ever will be: the authorisation is voided, the hold released.
  order->decision = Decision::kAbort;
  order->abort_scope = AbortScope::kBoth;
  move(*order, State::kExecuting, c.reason, "", applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Cancel& c, Applied& applied) {
  Order* order = find_order(c.id);
  if (order == nullptr || order->state != State::kAccepted) return Verdict::kIllegal;
  queue_.drop(order->key, order->accepted_index);
  move(*order, State::kCanceled, c.reason, "", applied);
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Retire& c, Applied&) {
  size_t retired = 0;
  bool illegal = false;
  for (const auto& [id, newest_ms] : c.orders) {
    const auto found = orders_.find(id);
    if (found == orders_.end()) continue;  // retired before
    const Order& order = found->second;
    if (!orders::terminal(order.state)) {
      illegal = true;
      continue;
    }
    const base::WallMs keep_until_ms = std::max(order.accept_before_ms, newest_ms);
    by_expiry_.emplace(keep_until_ms, id);
    finished_.emplace(id, Finished{order.state, order.reason, order.index, keep_until_ms});
    orders_.erase(found);
    ++retired;
  }
  if (illegal) return Verdict::kIllegal;
  return retired == 0 ? Verdict::kNoEffect : Verdict::kApplied;
}

Verdict OrderMachine::on(const Configure& c, Applied&) {
  configuration_ = c;
  return Verdict::kApplied;
}

Verdict OrderMachine::on(const Time&, Applied&) {
  return Verdict::kApplied;
}

std::optional<Known> OrderMachine::find(const base::OrderId& id) const {
  if (const Order* found = order(id)) {
    return Known{found->state, found->reason, found->index, found->clock};
  }
  const auto finished = finished_.find(id);
  if (finished == finished_.end()) return std::nullopt;
  return Known{finished->second.state, finished->second.reason, finished->second.index};
}

const Order* OrderMachine::order(const base::OrderId& id) const {
  const auto found = orders_.find(id);
  return found == orders_.end() ? nullptr : &found->second;
}

std::vector<base::OrderId> OrderMachine::next_to_begin(size_t count) const {
  const size_t capacity = configuration_.executing_capacity;
  if (executing_.size() >= capacity) return {};
  return queue_.next(std::min({count, kBatchMax, capacity - executing_.size()}));
}

size_t OrderMachine::queue_place(const Order& order) const {
  if (order.state != State::kAccepted) return 0;
  return queue_.ahead_of(order.key, order.accepted_index) + 1;
}

base::WallMs OrderMachine::accept_before_ms(const base::OrderId& id) const {
  if (const Order* found = order(id)) return found->accept_before_ms;
  const auto finished = finished_.find(id);
  return finished == finished_.end() ? 0 : finished->second.accept_before_ms;
}

// A repeated Submit with a later accept_before may itself come once more until then.
void OrderMachine::raise_accept_before(const Submit& c) {
  if (Order* order = find_order(c.id)) {
    order->accept_before_ms = std::max(order->accept_before_ms, c.accept_before_ms);
    return;
  }
  Finished& finished = finished_.at(c.id);
  if (c.accept_before_ms <= finished.accept_before_ms) return;
  by_expiry_.erase({finished.accept_before_ms, c.id});
  finished.accept_before_ms = c.accept_before_ms;
  by_expiry_.emplace(finished.accept_before_ms, c.id);
}

Order* OrderMachine::find_order(const base::OrderId& id) {
  const auto found = orders_.find(id);
  return found == orders_.end() ? nullptr : &found->second;
}

void OrderMachine::move(Order& order, State to, std::string reason, std::string_view clock,
                        Applied& applied) {
  BOOKSTORE_CHECK(orders::legal_move(order.state, to), order.id.value, ": ",
                  base::absl_view(orders::to_text(order.state)), " to ",
                  base::absl_view(orders::to_text(to)));
  if (order.state == State::kExecuting) executing_.erase(order.id);
  if (to == State::kExecuting) executing_.insert(order.id);
  if (!clock.empty()) order.clock = clock;
  // The reason of an abort is the order's until its end; moves on the way have none of their own.
  if (!reason.empty() || order.decision != Decision::kAbort) order.reason = std::move(reason);
  const State from = std::exchange(order.state, to);
  order.index = applied_index_;
  order.changed_ms = time_ms_;
  if (orders::terminal(to)) {
    order.lines.clear();
    order.lines.shrink_to_fit();
    order.card_token.clear();
  }
  applied.transitions.push_back(
      {order.id, from, to, order.reason, applied_index_, time_ms_, order.clock});
}

void OrderMachine::forget_finished() {
  while (!by_expiry_.empty() && time_ms_ > by_expiry_.begin()->first) {
    finished_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
  }
}

}  // namespace bookstore::order_executor
