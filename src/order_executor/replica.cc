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
  BOOKSTORE_ASSIGN_OR_RETURN(wal_, Wal::open(disk, config.wal, replay, recovered));
  return status;
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
