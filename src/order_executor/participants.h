#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "order_executor/two_phase.h"

namespace bookstore::order_executor {

// What a call carries of one order; lines are read by inventory, token and amount by payment.
struct OutgoingOrder {
  base::OrderId id;
  std::vector<Line> lines;
  std::string card_token;
  base::Money amount;
  std::string clock;
};

struct OutgoingCall {
  Participant participant = Participant::kInventory;
  Call call = Call::kPrepare;
  uint64_t fence = 0;
  std::vector<OutgoingOrder> orders;  // at most kBatchMax
};

struct ClockedAnswer {
  Answer answer;
  std::string clock;
};

// The way to inventory and payment. `done` runs exactly once, on any thread, also for a call that
// was never sent; an error says that nobody knows what the call did.
class Participants {
 public:
  using Done = std::function<void(absl::StatusOr<std::vector<ClockedAnswer>>)>;
  virtual ~Participants() = default;
  virtual void call(const OutgoingCall& call, Done done) = 0;
};

}  // namespace bookstore::order_executor
