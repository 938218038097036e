#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "order_executor/order_machine.h"
#include "order_executor/snapshot_store.h"
#include "order_executor/two_phase.h"
#include "order_executor/wal.h"

namespace bookstore::order_executor {

struct Committed {
  uint64_t index = 0;
  Entry entry;
  Applied applied;
};

// A cluster of one: log, machine and coordinator, driven by values. Everything it knows it can
// rebuild from the log. It leads from its start, because start() has an entry of its own term
// durable and applied before it returns; each start is a term of its own, so that participants can
// tell a newer leader from an older. One thread.
class Replica {
 public:
  struct Config {
    Wal::Options wal;
    TwoPhase::Config two_phase;
    Configure queue;
    uint64_t snapshot_every = 10'000;  // entries
  };

  // `time_ms` is proposed as replicated time by the first entry; `notes` gets what recovery has to
  // say to an operator.
  static absl::StatusOr<std::unique_ptr<Replica>> start(Disk& disk, const Config& config,
                                                        base::WallMs time_ms,
                                                        std::vector<std::string>& notes);

  // Makes the commands durable with one sync, then applies them. An error is final (Wal): nothing
  // of the batch was applied, whether it will be after a restart is unknown.
  absl::StatusOr<std::vector<Committed>> commit(std::vector<Command> commands,
                                                base::WallMs time_ms);

  // The coordinator's duties; its proposals go to commit() with the next batch.
  Duties step(base::SteadyMs now_ms) { return two_phase_.step(machine_, now_ms); }
  void on_answers(const Send& send, const std::vector<Answer>& answers, base::SteadyMs now_ms) {
    two_phase_.on_answers(machine_, send, answers, now_ms);
  }
  void on_unavailable(const Send& send, base::SteadyMs now_ms) {
    two_phase_.on_unavailable(send, now_ms);
  }
  void on_projected(const std::vector<RetiredOrder>& orders) { two_phase_.on_projected(orders); }

  // What to write now that enough entries have been applied since the last snapshot, if anything:
  // first the snapshot, then, when it is durable, what it makes needless. On any thread, with
  // write(); on_snapshot() is told how it ended before there is another.
  struct SnapshotWork {
    Snapshot snapshot;
    std::vector<std::string> segments;  // that hold nothing after the snapshot before
  };
  std::optional<SnapshotWork> snapshot_due();
  struct SnapshotResult {
    absl::Status saved;
    absl::Status pruned;  // what could not be removed is removed with the next
  };
  static SnapshotResult write(Disk& disk, const SnapshotWork& work);
  void on_snapshot(const SnapshotWork& work, const SnapshotResult& result);
  // Of the newest durable one; 0: there is none.
  uint64_t snapshot_index() const { return snapshot_index_; }

  uint64_t term() const { return term_; }
  const OrderMachine& machine() const { return machine_; }
  const TwoPhase& two_phase() const { return two_phase_; }
  const Wal& wal() const { return *wal_; }

 private:
  explicit Replica(const Config& config)
      : snapshot_every_(config.snapshot_every), two_phase_(config.two_phase) {}
  absl::Status recover(Disk& disk, const Config& config, Wal::Recovered& recovered);
  absl::Status restore(const SnapshotStore::Loaded& loaded);
  absl::Status lead(const Config& config, const Wal::Recovered& recovered, base::WallMs time_ms);
  // Encodes, appends and applies one batch.
  absl::StatusOr<std::vector<Committed>> append(const std::optional<HardState>& hard_state,
                                                std::vector<Command> commands,
                                                base::WallMs time_ms);

  const uint64_t snapshot_every_;
  std::unique_ptr<Wal> wal_;
  OrderMachine machine_;
  TwoPhase two_phase_;
  uint64_t term_ = 0;
  uint64_t snapshot_index_ = 0;
  uint64_t next_snapshot_at_ = 0;  // applied index
  bool snapshot_under_way_ = false;
};

}  // namespace bookstore::order_executor
