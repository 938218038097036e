#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/expiring_map.h"
#include "contracts/methods.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace bookstore::transaction_verification {

// The rules behind gRPC. Between Init and the checks it keeps an order's customer and address in
// memory; never a card. `clock` and `metrics` outlive the service, the service the server.
class Service {
 public:
  struct Config {
    base::DurationMs order_lifetime_ms = 60'000;  // longer than any checkout's deadline
    size_t orders_max = 100'000;                  // then Init is refused
  };
  Service(Config config, const base::Clock& clock, telemetry::Registry& metrics);

  void register_on(rpc::Server& server);

 private:
  using InitRequest = contracts::verification::InitRequest;
  using InitReply = contracts::verification::InitReply;
  using CheckBillingRequest = contracts::verification::CheckBillingRequest;
  using CheckCardRequest = contracts::verification::CheckCardRequest;
  using CheckReply = contracts::verification::CheckReply;
  using Order = std::shared_ptr<const InitRequest>;

  absl::StatusOr<InitReply> init(const rpc::ServerCall& call, InitRequest request);
  absl::StatusOr<CheckReply> check_billing(const rpc::ServerCall& call,
                                           const CheckBillingRequest& request);
  absl::StatusOr<CheckReply> check_card(const rpc::ServerCall& call, CheckCardRequest request);
  absl::StatusOr<Order> find(const rpc::ServerCall& call, const contracts::common::OrderKey& order);

  const base::Clock& clock_;
  base::ExpiringMap<Order> orders_;
  telemetry::Counter& billing_valid_;
  telemetry::Counter& billing_refused_;
  telemetry::Counter& card_valid_;
  telemetry::Counter& card_refused_;
};

}  // namespace bookstore::transaction_verification
