// order_executor: accepts orders into its log and executes each exactly once.
#include "order_executor/database_clock.h"
#include "order_executor/metrics.h"
#include "order_executor/posix_disk.h"
#include "order_executor/service.h"
#include "postgres/health_probe.h"
#include "process/process.h"
#include "telemetry/log.h"

namespace {

using namespace bookstore;

int run(int argc, char** argv) {
  process::Process process({.name = "order_executor",
                            .purpose = "Executes the orders of the bookstore exactly once.",
                            .listen = "127.0.0.1:7201"},
                           argc, argv);
  using process::Process::Required::kYes;
  std::string database, data;
  order_executor::RpcParticipants::Config peers;
  process.option("database", &database, "PostgreSQL URL", kYes);
  process.option("data", &data, "Directory of the write-ahead log", kYes);
  process.addresses("inventory", &peers.inventory, "HOST:PORT of inventory", kYes);
  process.addresses("payment", &peers.payment, "HOST:PORT of payment", kYes);
  if (const auto exit_code = process.parse()) return *exit_code;

  auto disk = order_executor::PosixDisk::open_directory(data);
  if (!disk.ok()) return process.fail(disk.status());
  // A connection each for the projection, the clock and the probe.
  postgres::Pool pool({database, 3}, process.clock());
  postgres::HealthProbe probe(pool);
  orders::Store store(pool);
  order_executor::Projector projector(
      {}, [&](const auto& batch, auto deadline) { return store.project(batch, deadline); },
      process.clock());
  order_executor::RpcParticipants participants(peers, process.clock(), process.random());
  order_executor::Node node({}, std::move(*disk), participants, process.clock());

  std::vector<std::string> notes;
  const auto started = node.start([&](const auto& transitions) { projector.add(transitions); },
                                  [&](const auto& reason) { process.stop(reason); }, notes);
  for (const std::string& note : notes) {
    telemetry::log(telemetry::Level::kWarning, "log_recovered", {{"note", note}});
  }
  if (!started.ok()) return process.fail(started);
  telemetry::log(telemetry::Level::kInfo, "leading",
                 {{"term", std::to_string(node.snapshot().term)},
                  {"entries", std::to_string(node.snapshot().applied_index)},
                  {"unretired", std::to_string(node.snapshot().unretired)}});
  projector.start([&](auto ids) { node.projected(std::move(ids)); });
  order_executor::DatabaseClock database_clock(
      pool, process.clock(), [&](auto now, auto ours) { node.database_time(now, ours); });

  rpc::Server server({.listen = process.listen()}, process.clock());
  order_executor::add_service(server, node, process.clock());
  order_executor::add_metrics(process.metrics(), node, projector, participants);
  process.readiness().ask("executor", [&] { return node.snapshot().not_ready_reason; });
  process.readiness().ask("postgresql", [&] { return probe.reason(); });
  if (const auto port = server.start(); !port.ok()) return process.fail(port.status());
  if (const auto status = process.start(); !status.ok()) return process.fail(status);
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) {
    node.stop();  // answers everyone who waits, long polls too
    server.shutdown(deadline);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
