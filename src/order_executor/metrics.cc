#include "order_executor/metrics.h"

namespace bookstore::order_executor {
namespace {

void add_node(telemetry::Registry& registry, const Node& node) {
  auto& leader = registry.gauge("bookstore_executor_leader", "1 while this member leads.");
  auto& term = registry.gauge("bookstore_executor_term", "Term of the log.");
  auto& applied = registry.gauge("bookstore_executor_applied_index", "Last applied entry.");
  auto& waiting = registry.gauge("bookstore_executor_orders", "Orders that are not retired.",
                                 {{"state", "waiting"}});
  auto& executing = registry.gauge("bookstore_executor_orders", "", {{"state", "executing"}});
  auto& parked = registry.gauge("bookstore_executor_orders", "", {{"state", "needs_attention"}});
  auto& unretired = registry.gauge("bookstore_executor_unretired", "Orders the machine keeps.");
  auto& inventory = registry.gauge("bookstore_executor_paused",
                                   "1 while dispatch waits for a participant that was unavailable.",
                                   {{"participant", "inventory"}});
  auto& payment = registry.gauge("bookstore_executor_paused", "", {{"participant", "payment"}});
  auto& offset = registry.gauge("bookstore_executor_database_offset_ms",
                                "Database clock minus ours, when last compared.");
  auto& illegal =
      registry.counter("bookstore_executor_illegal_moves_total", "Entries the table refused.");
  auto& dispatched = registry.counter("bookstore_executor_dispatched_total", "Orders begun.");
  auto& batches = registry.counter("bookstore_executor_log_batches_total", "Syncs of the log.");
  auto& entries = registry.counter("bookstore_executor_log_entries_total", "Entries appended.");
  auto& bytes = registry.counter("bookstore_executor_log_bytes_total", "Bytes appended.");
  auto& segments = registry.counter("bookstore_executor_log_segments_total", "Segments begun.");
  const std::string snapshots_help = "Snapshots of the machine, by how they ended.";
  auto& snapshots =
      registry.counter("bookstore_executor_snapshots_total", snapshots_help, {{"result", "saved"}});
  auto& snapshots_failed = registry.counter("bookstore_executor_snapshots_total", snapshots_help,
                                            {{"result", "failed"}});
  auto& snapshot_index =
      registry.gauge("bookstore_executor_snapshot_index", "Entry of the newest durable snapshot.");
  auto& snapshot_bytes =
      registry.gauge("bookstore_executor_snapshot_bytes", "Size of the newest snapshot.");
  auto& snapshot_encode = registry.gauge("bookstore_executor_snapshot_encode_ms",
                                         "How long the last one kept the node's thread.");
  auto& failed = registry.counter("bookstore_executor_participant_failures_total",
                                  "Calls whose outcome nobody knows; they are made again.");
  auto& lost = registry.counter("bookstore_executor_clock_events_lost_total",
                                "Events that found no place in their order's clock.");
  registry.on_collect([&] {
    const Node::Snapshot now = node.snapshot();
    leader.set(now.leader ? 1 : 0);
    term.set(static_cast<double>(now.term));
    applied.set(static_cast<double>(now.applied_index));
    waiting.set(static_cast<double>(now.waiting));
    executing.set(static_cast<double>(now.executing));
    parked.set(static_cast<double>(now.parked));
    unretired.set(static_cast<double>(now.unretired));
    inventory.set(now.inventory_paused ? 1 : 0);
    payment.set(now.payment_paused ? 1 : 0);
    offset.set(static_cast<double>(now.database_offset_ms));
    illegal.raise_to(now.illegal);
    dispatched.raise_to(now.dispatched);
    batches.raise_to(now.log_batches);
    entries.raise_to(now.log_entries);
    bytes.raise_to(now.log_bytes);
    segments.raise_to(now.log_segments);
    snapshots.raise_to(now.snapshots);
    snapshots_failed.raise_to(now.snapshots_failed);
    snapshot_index.set(static_cast<double>(now.snapshot_index));
    snapshot_bytes.set(static_cast<double>(now.snapshot_bytes));
    snapshot_encode.set(static_cast<double>(now.snapshot_encode_ms));
    failed.raise_to(now.calls_failed);
    lost.raise_to(now.clocks_lost);
  });
}

void add_projection(telemetry::Registry& registry, const Projector& projector) {
  const std::string name = "bookstore_executor_projected_total";
  const std::string help = "Transitions brought to their rows, by what the rows said.";
  auto& applied = registry.counter(name, help, {{"result", "applied"}});
  auto& known = registry.counter(name, help, {{"result", "known"}});
  auto& older = registry.counter(name, help, {{"result", "older"}});
  auto& illegal = registry.counter(name, help, {{"result", "illegal"}});
  auto& unknown = registry.counter(name, help, {{"result", "unknown"}});
  auto& failures = registry.counter("bookstore_executor_projection_failures_total",
                                    "Batches that are written again.");
  auto& waiting = registry.gauge("bookstore_executor_projection_waiting", "Not yet projected.");
  registry.on_collect([&] {
    const Projector::Counters now = projector.counters();
    applied.raise_to(now.applied);
    known.raise_to(now.known);
    older.raise_to(now.older);
    illegal.raise_to(now.illegal);
    unknown.raise_to(now.unknown);
    failures.raise_to(now.failures);
    waiting.set(static_cast<double>(now.waiting));
  });
}

void add_client(telemetry::Registry& registry, const rpc::Client& client) {
  const telemetry::Labels peer = {{"peer", client.peer()}};
  auto& calls = registry.counter("bookstore_executor_calls_total", "Calls to participants.", peer);
  auto& refused = registry.counter("bookstore_executor_breaker_refusals_total",
                                   "Calls the breaker did not let out.", peer);
  registry.on_collect([&] {
    calls.raise_to(client.counters().calls);
    refused.raise_to(client.counters().refused_by_breaker);
  });
}

}  // namespace

void add_metrics(telemetry::Registry& registry, const Node& node, const Projector& projector,
                 const RpcParticipants& participants) {
  add_node(registry, node);
  add_projection(registry, projector);
  add_client(registry, participants.inventory());
  add_client(registry, participants.payment());
}

}  // namespace bookstore::order_executor
