#pragma once

#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/expiring_map.h"
#include "contracts/methods.h"
#include "fraud_detection/scorer.h"
#include "fraud_detection/velocity.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace bookstore::fraud_detection {

// The rules behind gRPC. Keeps an order's data from Init to its score, and velocity counters, all
// in memory. `clock` and `metrics` outlive the service, the service the server.
class Service {
 public:
  struct Config {
    base::DurationMs order_lifetime_ms = 60'000;  // longer than any checkout's deadline
    size_t orders_max = 100'000;                  // then Init is refused
    Policy policy = {};
    Velocity::Config velocity = {};
  };
  Service(Config config, const base::Clock& clock, telemetry::Registry& metrics);

  void register_on(rpc::Server& server);

 private:
  using InitRequest = contracts::fraud::InitRequest;
  using InitReply = contracts::fraud::InitReply;
  using ScoreOrderRequest = contracts::fraud::ScoreOrderRequest;
  using ScoreOrderReply = contracts::fraud::ScoreOrderReply;

  absl::StatusOr<InitReply> init(const rpc::ServerCall& call, InitRequest request);
  absl::StatusOr<ScoreOrderReply> score_order(const rpc::ServerCall& call,
                                              const ScoreOrderRequest& request);
  Score score_of(const InitRequest& order);

  const Config config_;
  const base::Clock& clock_;
  base::ExpiringMap<std::shared_ptr<const InitRequest>> orders_;
  std::mutex velocity_mutex_;  // guards velocity_
  Velocity velocity_;
  telemetry::Counter& approved_;
  telemetry::Counter& reviewed_;
  telemetry::Counter& rejected_;
};

}  // namespace bookstore::fraud_detection
