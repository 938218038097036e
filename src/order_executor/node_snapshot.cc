// Snapshots of the machine, encoded between two turns and written by a thread of their own.
#include "order_executor/node.h"

namespace bookstore::order_executor {

void Node::take_snapshot() {
  if (!health_.ok()) return;
  const base::SteadyMs begun_ms = clock_.steady_ms();
  auto due = replica_->snapshot_due();
  if (!due) return;
  // The one before has told how it ended, so its thread has nothing left to do.
  if (snapshot_writer_.joinable()) snapshot_writer_.join();
  const auto work = std::make_shared<Replica::SnapshotWork>(std::move(*due));
  SnapshotReport report;
  report.index = work->snapshot.index;
  report.bytes = work->snapshot.state.size();
  report.orders = replica_->machine().orders().size();
  report.finished_kept = replica_->machine().finished_kept();
  report.encode_ms = clock_.steady_ms() - begun_ms;
  snapshot_writer_ = std::thread([this, inbox = inbox_, work, report]() mutable {
    const base::SteadyMs write_begun_ms = clock_.steady_ms();
    auto result = Replica::write(*disk_, *work);
    report.write_ms = clock_.steady_ms() - write_begun_ms;
    inbox->post(
        [this, work, report, result = std::move(result)] { on_snapshot(*work, report, result); });
  });
}

void Node::on_snapshot(const Replica::SnapshotWork& work, SnapshotReport report,
                       const Replica::SnapshotResult& result) {
  replica_->on_snapshot(work, result);
  report.status = result.saved.ok() ? result.pruned : result.saved;
  if (result.saved.ok()) {
    ++snapshots_;
    snapshot_bytes_ = report.bytes;
    snapshot_encode_ms_ = report.encode_ms;
  }
  if (result.saved.ok() && result.pruned.ok()) report.segments_removed = work.segments.size();
  if (!report.status.ok()) ++snapshots_failed_;
  if (config_.on_snapshot) config_.on_snapshot(report);
}

}  // namespace bookstore::order_executor
