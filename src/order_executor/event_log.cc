#include "order_executor/event_log.h"

#include "base/status.h"
#include "telemetry/log.h"

namespace bookstore::order_executor {

using telemetry::Level;

void log_transitions(const std::vector<Transition>& transitions) {
  for (const Transition& transition : transitions) {
    if (transition.to != State::kNeedsAttention) continue;
    telemetry::log(Level::kError, "order_needs_attention",
                   {{"order_id", transition.id.value}, {"reason", transition.reason}});
  }
}

void log_snapshot(const Node::SnapshotReport& report) {
  if (!report.status.ok()) {
    telemetry::log(
        Level::kError, "snapshot_failed",
        {{"entry", std::to_string(report.index)}, {"reason", base::describe(report.status)}});
    return;
  }
  telemetry::log(Level::kInfo, "snapshot",
                 {{"entry", std::to_string(report.index)},
                  {"bytes", std::to_string(report.bytes)},
                  {"orders", std::to_string(report.orders)},
                  {"finished", std::to_string(report.finished_kept)},
                  {"segments_removed", std::to_string(report.segments_removed)},
                  {"encode_ms", std::to_string(report.encode_ms)},
                  {"write_ms", std::to_string(report.write_ms)}});
}

void log_start(const std::vector<std::string>& notes, const Node::Snapshot& snapshot) {
  for (const std::string& note : notes) {
    telemetry::log(Level::kWarning, "log_recovered", {{"note", note}});
  }
  telemetry::log(Level::kInfo, "leading",
                 {{"term", std::to_string(snapshot.term)},
                  {"entries", std::to_string(snapshot.applied_index)},
                  {"unretired", std::to_string(snapshot.unretired)}});
}

}  // namespace bookstore::order_executor
