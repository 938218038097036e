#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "order_executor/two_phase.h"

namespace bookstore::order_executor {

// Inventory and payment as the coordinator may see them: monotone by order id (DESIGN §4.7), with
// a ledger that can be audited. For tests and the simulator. Card tokens steer payment:
// "declined" is refused, "pending" answers only when settle() was called, "no_capture" authorises
// and then refuses the capture for good; any other is approved.
class FakeParticipants {
 public:
  explicit FakeParticipants(std::map<std::string, int64_t> stock)
      : initial_(stock), free_(std::move(stock)) {}

  // What the participant answers; the effect has happened when this returns, whether or not the
  // answer arrives. `machine` gives what the request would carry.
  std::vector<Answer> call(const Send& send, const OrderMachine& machine, uint64_t fence);
  void settle() { settled_ = true; }

  struct Row {
    ParticipantState state = ParticipantState::kPending;
    std::string reason;
    std::vector<Line> lines;
    int64_t minor = 0;
    uint64_t fence = 0;
  };
  const std::map<base::OrderId, Row>& inventory() const { return inventory_; }
  const std::map<base::OrderId, Row>& payment() const { return payment_; }
  // How often a capture, a consume, a hold or an authorisation took effect, by "what order".
  const std::map<std::string, int>& effects() const { return effects_; }

  // Empty, or the first invariant that does not hold: stock + held + sold = initial, nothing is
  // negative, nothing took effect twice.
  std::string audit() const;

 private:
  Answer prepare_inventory(const Order& order, uint64_t fence);
  Answer prepare_payment(const Order& order, uint64_t fence);
  Answer finish(bool payment, Call call, const base::OrderId& id, uint64_t fence);

  const std::map<std::string, int64_t> initial_;
  std::map<std::string, int64_t> free_;
  std::map<std::string, int64_t> sold_;
  std::map<base::OrderId, Row> inventory_;
  std::map<base::OrderId, Row> payment_;
  std::map<std::string, int> effects_;
  uint64_t highest_fence_ = 0;
  bool settled_ = false;
};

}  // namespace bookstore::order_executor
