#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "causality/vector_clock.h"
#include "order_executor/order_machine.h"

namespace bookstore::order_executor {

// The vector clocks of the orders that this leader works on, as host `executor-1.T` (T: its term).
// Every send, receive and local decision is a tick; the clock that an entry kept is where a leader
// continues. Kept encoded: a hundred thousand orders may wait. Owned by the node's thread.
class OrderClocks {
 public:
  explicit OrderClocks(uint64_t term);

  // A local decision, or a send: ticks and gives the clock to keep or to carry.
  std::string tick(const Order& order);
  // Merges, then ticks. An empty `incoming` knows nothing; an unreadable one is counted as lost.
  std::string receive(const Order& order, const std::string& incoming);
  void forget(const base::OrderId& id) { clocks_.erase(id); }

  const std::string& host() const { return host_; }
  size_t size() const { return clocks_.size(); }
  // Clocks that had no place for one more host, or came unreadable: events lost to history.
  uint64_t lost() const { return lost_; }

 private:
  causality::VectorClock current(const Order& order);
  std::string keep(const base::OrderId& id, causality::VectorClock clock);

  const std::string host_;
  std::unordered_map<base::OrderId, std::string> clocks_;
  uint64_t lost_ = 0;
};

}  // namespace bookstore::order_executor
