// inventory: holds and sells the stock, a participant of the order's two-phase commit.
#include "inventory/service.h"
#include "inventory/store.h"
#include "postgres/health_probe.h"
#include "process/process.h"
#include "rpc/server.h"
#include "telemetry/log.h"

namespace {

using namespace bookstore;

int run(int argc, char** argv) {
  process::Process process({.name = "inventory",
                            .purpose = "Holds and sells the stock of the bookstore.",
                            .listen = "127.0.0.1:7104"},
                           argc, argv);
  std::string database;
  int64_t threads = 4;
  process.option("database", &database, "PostgreSQL URL", process::Process::Required::kYes);
  process.option("threads", &threads, "Calls served at once, each with a connection", 1, 64);
  if (const auto exit_code = process.parse()) return *exit_code;

  // One connection a serving thread, and one for the probe.
  postgres::Pool pool({database, static_cast<size_t>(threads) + 1}, process.clock());
  postgres::HealthProbe probe(pool);
  inventory::Store store(pool, "inventory");
  rpc::Server server({.listen = process.listen(), .threads = static_cast<size_t>(threads)},
                     process.clock());
  inventory::add_service(server, store, process.metrics());
  server.export_metrics(process.metrics());

  process.readiness().ask("postgresql", [&probe] { return probe.reason(); });
  const auto port = server.start();
  if (!port.ok()) return process.fail(port.status());
  telemetry::log(telemetry::Level::kInfo, "listening", {{"port", std::to_string(*port)}});
  if (const auto status = process.start(); !status.ok()) return process.fail(status);
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) { server.shutdown(deadline); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
