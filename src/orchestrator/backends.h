#pragma once

#include "catalogue/store.h"
#include "checkout/runner.h"
#include "executor_client/client.h"
#include "executor_client/transition_watch.h"
#include "orchestrator/ports.h"
#include "orders/store.h"
#include "postgres/pool.h"
#include "rpc/client.h"
#include "telemetry/metrics.h"

namespace bookstore::orchestrator {

// The real things behind the ports. All outlive what is made of them.
struct Backends {
  postgres::Pool& pool;
  orders::Store& orders;
  catalogue::Store& catalogue;
  rpc::Client& verification;
  rpc::Client& fraud;
  rpc::Client& suggestions;
  rpc::Client& payment;
  executor_client::Client& executor;
  executor_client::TransitionWatch& watch;
  checkout::Runner& runner;
  base::WorkerPool& strands;
  base::WorkerPool& database;
  const base::Clock& clock;
};

Ports make_ports(const Backends& backends);

// Their counters and levels on /metrics.
void export_metrics(const Backends& backends, telemetry::Registry& metrics);

}  // namespace bookstore::orchestrator
