#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "causality/recorder.h"
#include "inventory/participant.h"
#include "inventory/stock.h"
#include "postgres/pool.h"

namespace bookstore::inventory {

// The most orders of one call, so that a transaction stays short.
inline constexpr size_t kBatchOrdersMax = 32;

// One order of a call. `lines` are read by Prepare only.
struct OrderCall {
  std::string order_id;
  std::vector<Line> lines;
  causality::VectorClock clock;  // the caller's, with its send event
};

struct OrderAnswer {
  std::string order_id;
  Answer answer = Answer::kContradiction;
  std::string reason;
  // After the reply's send event. Without a row (stale fence, unknown order) nothing is recorded:
  // the clock is empty and there are no events.
  causality::VectorClock clock;
  std::vector<causality::Event> events;
};

// The participant on PostgreSQL: one transaction a call, decided by decide() over locked rows.
// Locks are taken in one order everywhere (fence, orders by id, stock by book id), so calls may
// wait for one another but never in a circle. Any thread.
class Store {
 public:
  // `host` is our name in the clocks. `pool` outlives the store.
  Store(postgres::Pool& pool, std::string host);

  // The answers in the order of the calls; the same order id twice or a malformed line is
  // INVALID_ARGUMENT for the whole call. An error status means that nobody knows whether it
  // happened: ask again, every call is idempotent.
  absl::StatusOr<std::vector<OrderAnswer>> call(Ask ask, uint64_t fence,
                                                const std::vector<OrderCall>& orders,
                                                base::Deadline deadline);

 private:
  postgres::Pool& pool_;
  const std::string host_;
};

}  // namespace bookstore::inventory
