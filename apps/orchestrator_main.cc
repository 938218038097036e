// orchestrator: the only door for clients. HTTP and JSON outside, gRPC and the database inside.
#include "crypto/platform_key.h"
#include "http/server.h"
#include "orchestrator/backends.h"
#include "orchestrator/key_check.h"
#include "orchestrator/move_listener.h"
#include "orchestrator/options.h"
#include "orchestrator/routes.h"
#include "postgres/health_probe.h"
#include "process/process.h"
#include "telemetry/log.h"

int main(int argc, char** argv) {
  using namespace bookstore;
  process::Process process({.name = "orchestrator",
                            .purpose = "The bookstore's HTTP API: checkout, orders, books.",
                            .listen = "127.0.0.1:8080",
                            .metrics_listener = false},
                           argc, argv);
  orchestrator::Options options;
  options.declare(process);
  if (const auto exit_code = process.parse()) return *exit_code;
  if (const auto status = options.settle(); !status.ok()) return process.fail(status);
  const auto key = crypto::load_platform_key(options.key_file, crypto::IfMissing::kRefuse);
  if (!key.ok()) return process.fail(key.status());
  const auto admin_token = options.load_admin_token();
  if (!admin_token.ok()) return process.fail(admin_token.status());
  const base::Clock& clock = process.clock();
  base::Random& random = process.random();

  // A connection for each thread that waits for the database, and one for the probe.
  postgres::Pool pool({options.database, static_cast<size_t>(options.database_threads) + 1}, clock);
  if (const auto status = orchestrator::check_platform_key(pool, *key); !status.ok())
    return process.fail(status);
  postgres::HealthProbe probe(pool);
  orders::Store orders(pool);
  catalogue::Store catalogue(pool);

  const auto queue = static_cast<size_t>(options.queue);
  base::WorkerPool database("database", static_cast<size_t>(options.database_threads), queue);
  base::WorkerPool strands("checkout", static_cast<size_t>(options.strands), queue);
  rpc::Client verification({"verification", options.verification}, clock, random);
  rpc::Client fraud({"fraud", options.fraud}, clock, random);
  rpc::Client suggestions({"suggestions", options.suggestions}, clock, random);
  rpc::Client payment({"payment", options.payment}, clock, random);
  executor_client::Client executor({.members = options.executor}, clock, random);
  executor_client::TransitionWatch watch({.members = options.executor}, clock, random);

  checkout::Runner runner(options.runner, {verification, fraud, suggestions, payment, executor,
                                           orders, pool, *key, strands, database, clock, random});
  const orchestrator::Backends backends{pool,        orders,   catalogue, verification, fraud,
                                        suggestions, payment,  executor,  watch,        runner,
                                        strands,     database, clock};
  orchestrator::Ports ports = orchestrator::make_ports(backends);
  ports.admin_token = *admin_token;
  orchestrator::OrderWaits waits(ports);
  orchestrator::MoveListener moves(options.database, waits, clock);
  orchestrator::export_metrics(backends, process.metrics());
  process.readiness().ask("postgresql", [&probe] { return probe.reason(); });
  orchestrator::Dependencies dependencies(options.dependencies(), process.readiness(), clock);

  http::Router router;
  orchestrator::add_routes(router, ports, waits, process.readiness(), process.metrics());
  http::Server server(
      {.listen = process.listen(), .connections_max = static_cast<size_t>(options.connections)},
      router, clock, random, &process.metrics());
  const auto port = server.start();
  if (!port.ok()) return process.fail(port.status());
  watch.start();
  runner.start_takeover();
  telemetry::log(telemetry::Level::kInfo, "listening", {{"port", std::to_string(*port)}});
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) {
    waits.stop();
    server.shutdown(deadline);
  });
}
