#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "order_executor/participants.h"
#include "rpc/client.h"

namespace bookstore::order_executor {

// Inventory and payment over gRPC.
class RpcParticipants final : public Participants {
 public:
  struct Config {
    std::vector<std::string> inventory;  // HOST:PORT
    std::vector<std::string> payment;
    // Payment answers PENDING after 1.5 s of a silent provider; later than this is no answer.
    base::DurationMs timeout_ms = 2'000;
  };
  RpcParticipants(const Config& config, const base::Clock& clock, base::Random& random);

  void call(const OutgoingCall& call, Done done) override;

  const rpc::Client& inventory() const { return inventory_; }
  const rpc::Client& payment() const { return payment_; }

 private:
  const base::DurationMs timeout_ms_;
  const base::Clock& clock_;
  rpc::Client inventory_;
  rpc::Client payment_;
};

}  // namespace bookstore::order_executor
