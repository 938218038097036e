#include "order_executor/order_clocks.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::order_executor {

using causality::VectorClock;

OrderClocks::OrderClocks(uint64_t term) : host_(absl::StrCat("executor-1.", term)) {
  BOOKSTORE_CHECK(causality::valid_host(host_), host_);
}

std::string OrderClocks::tick(const Order& order) {
  return keep(order.id, current(order));
}

std::string OrderClocks::receive(const Order& order, const std::string& incoming) {
  VectorClock clock = current(order);
  // Who keeps no row of the order keeps no clock of it either.
  if (!incoming.empty()) {
    const auto other = VectorClock::decode(incoming);
    if (!other || !clock.merge(*other)) ++lost_;
  }
  return keep(order.id, clock);
}

VectorClock OrderClocks::current(const Order& order) {
  const auto known = clocks_.find(order.id);
  const std::string& bytes = known == clocks_.end() ? order.clock : known->second;
  if (bytes.empty()) return {};
  const auto clock = VectorClock::decode(bytes);
  if (!clock) ++lost_;
  return clock.value_or(VectorClock());
}

std::string OrderClocks::keep(const base::OrderId& id, VectorClock clock) {
  if (!clock.tick(host_)) ++lost_;
  std::string bytes = clock.encode();
  clocks_[id] = bytes;
  return bytes;
}

}  // namespace bookstore::order_executor
