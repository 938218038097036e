#include "order_executor/replica.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

constexpr uint64_t kOnlyMember = 1;

}  // namespace

absl::StatusOr<std::unique_ptr<Replica>> Replica::start(Disk& disk, const Config& config,
                                                        base::WallMs time_ms,
                                                        std::vector<std::string>& notes) {
  std::unique_ptr<Replica> replica(new Replica(config));
  Wal::Recovered recovered;
  BOOKSTORE_RETURN_IF_ERROR(replica->recover(disk, config, recovered));
  BOOKSTORE_RETURN_IF_ERROR(replica->lead(config, recovered, time_ms));
  notes = std::move(recovered.notes);
  return replica;
}

absl::Status Replica::recover(Disk& disk, const Config& config, Wal::Recovered& recovered) {
  absl::Status status;
  const auto replay = [&](const LogEntry& record) {
    if (!status.ok()) return;
    const auto entry = decode_entry(record.payload);
    if (!entry) {
      status = absl::DataLossError(absl::StrCat("entry ", record.index, " of the order log is not ",
                                                "one that this version can read"));
      return;
    }
    machine_.apply(record.index, *entry);
  };
  SnapshotStore snapshots(disk);
  BOOKSTORE_ASSIGN_OR_RETURN(const SnapshotStore::Loaded loaded, snapshots.load());
  BOOKSTORE_RETURN_IF_ERROR(restore(loaded));
  next_snapshot_at_ = snapshot_index_ + snapshot_every_;
  Wal::Options options = config.wal;
  options.snapshot_index = snapshot_index_;
  BOOKSTORE_ASSIGN_OR_RETURN(wal_, Wal::open(disk, options, replay, recovered));
  BOOKSTORE_RETURN_IF_ERROR(status);
  for (const std::string& name : loaded.damaged) {
    recovered.notes.push_back(absl::StrCat(
        "the snapshot ", name, " is damaged and set aside as ", name, ".damaged; ",
        snapshot_index_ == 0 ? std::string("the log has everything from its first entry")
                             : absl::StrCat("the one of entry ", snapshot_index_,
                                            " and the log after it have the same")));
  }
  return snapshots.set_aside(loaded.damaged);
}

absl::Status Replica::restore(const SnapshotStore::Loaded& loaded) {
  if (!loaded.newest) return absl::OkStatus();
  auto machine = OrderMachine::decode(loaded.newest->state);
  if (!machine || machine->applied_index() != loaded.newest->index) {
    return absl::DataLossError(absl::StrCat("the snapshot ", snapshot_name(loaded.newest->index),
                                            " is whole, but not one that this version can read"));
  }
  machine_ = std::move(*machine);
  snapshot_index_ = loaded.newest->index;
  return absl::OkStatus();
}

absl::Status Replica::lead(const Config& config, const Wal::Recovered& recovered,
                           base::WallMs time_ms) {
  // A batch that was cut although it may have been acknowledged may have begun a term, and
  // participants may have seen it as a fence: a term is never used by two starts.
  term_ = std::max(recovered.hard_state.term, recovered.last_term) + 1 + recovered.doubtful_copies;
  Command first = Time{};
  if (!(machine_.configuration() == config.queue)) first = config.queue;
  BOOKSTORE_RETURN_IF_ERROR(
      append(HardState{term_, kOnlyMember, recovered.last_index}, {std::move(first)}, time_ms)
          .status());
  // The entry is durable, but the segment after it may have failed.
  return wal_->health();
}

std::optional<Replica::SnapshotWork> Replica::snapshot_due() {
  if (snapshot_under_way_ || machine_.applied_index() < next_snapshot_at_) return std::nullopt;
  snapshot_under_way_ = true;
  next_snapshot_at_ = machine_.applied_index() + snapshot_every_;
  SnapshotWork work;
  work.snapshot = {machine_.applied_index(), term_, machine_.encode()};
  // The log reaches back to the snapshot before this one, should this one be damaged one day.
  work.segments = wal_->segments_up_to(snapshot_index_);
  return work;
}

Replica::SnapshotResult Replica::write(Disk& disk, const SnapshotWork& work) {
  SnapshotStore snapshots(disk);
  SnapshotResult result{snapshots.save(work.snapshot), absl::OkStatus()};
  if (result.saved.ok()) result.pruned = snapshots.prune(work.segments);
  return result;
}

void Replica::on_snapshot(const SnapshotWork& work, const SnapshotResult& result) {
  snapshot_under_way_ = false;
  if (!result.saved.ok()) return;
  snapshot_index_ = work.snapshot.index;
  if (result.pruned.ok()) wal_->forget(work.segments);
}

absl::StatusOr<std::vector<Committed>> Replica::commit(std::vector<Command> commands,
                                                       base::WallMs time_ms) {
  return append(std::nullopt, std::move(commands), time_ms);
}

absl::StatusOr<std::vector<Committed>> Replica::append(const std::optional<HardState>& hard_state,
                                                       std::vector<Command> commands,
                                                       base::WallMs time_ms) {
  std::vector<LogEntry> records;
  std::vector<Committed> batch;
  uint64_t index = wal_->last_index();
  for (Command& command : commands) {
    Entry entry{time_ms, std::move(command)};
    records.push_back({term_, ++index, encode_entry(entry)});
    batch.push_back({index, std::move(entry), {}});
  }
  BOOKSTORE_RETURN_IF_ERROR(wal_->append(hard_state, records));
  for (Committed& committed : batch) {
    committed.applied = machine_.apply(committed.index, committed.entry);
    two_phase_.on_applied(committed.entry.command);
  }
  return batch;
}

}  // namespace bookstore::order_executor
