// order_executor: accepts orders into its log and executes each exactly once.
#include "order_executor/database_clock.h"
#include "order_executor/event_log.h"
#include "order_executor/metrics.h"
#include "order_executor/posix_disk.h"
#include "order_executor/service.h"
#include "postgres/health_probe.h"
#include "process/process.h"

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
  int64_t queue = 100'000, executing = 64, snapshot_every = 10'000;
  process.option("queue-capacity", &queue, "Orders that may wait", 1, 1'000'000);
  process.option("executing", &executing, "Orders executed at once", 1, 1'024);
  process.option("snapshot-every", &snapshot_every, "Entries between snapshots", 100, 10'000'000);
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
  order_executor::Node::Config config;
  config.replica.queue.queue_capacity = static_cast<uint64_t>(queue);
  config.replica.queue.executing_capacity = static_cast<uint32_t>(executing);
  config.replica.snapshot_every = static_cast<uint64_t>(snapshot_every);
  config.on_snapshot = order_executor::log_snapshot;
  order_executor::Node node(config, std::move(*disk), participants, process.clock());
  std::vector<std::string> notes;
  const auto on_transitions = [&](const auto& transitions) {
    order_executor::log_transitions(transitions);
    projector.add(transitions);
  };
  const auto started = node.start(
      on_transitions, [&](const auto& reason) { process.stop(reason); }, notes);
  if (!started.ok()) return process.fail(started);
  order_executor::log_start(notes, node.snapshot());
  projector.start([&](auto ids) { node.projected(std::move(ids)); });
  order_executor::DatabaseClock database_clock(
      pool, process.clock(), [&](auto now, auto ours) { node.database_time(now, ours); });

  rpc::Server server({.listen = process.listen()}, process.clock());
  order_executor::add_service(server, node, process.clock());
  server.export_metrics(process.metrics());
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
