#include "order_executor/wal.h"

#include <iterator>

#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

std::string encode_hard_state(const HardState& state) {
  base::ByteWriter out;
  out.u64(state.term);
  out.u64(state.vote);
  out.u64(state.commit);
  return out.take();
}

}  // namespace

absl::Status Wal::append(const std::optional<HardState>& hard_state,
                         const std::vector<LogEntry>& entries) {
  if (!health_.ok()) return health_;
  for (size_t i = 0; i < entries.size(); ++i) {
    BOOKSTORE_CHECK(entries[i].index == last_index_ + 1 + i, "entry ", entries[i].index, " after ",
                    last_index_ + i);
    BOOKSTORE_CHECK(entries[i].term >= last_term_, entries[i].term, " < ", last_term_);
  }
  const absl::Status written = write_batch(encode_batch(hard_state, entries));
  if (!written.ok()) {
    health_ = base::annotate(written, "the order log stopped at its first disk error");
    return health_;
  }
  ++counters_.batches;
  counters_.entries += entries.size();
  return absl::OkStatus();
}

std::string Wal::encode_batch(const std::optional<HardState>& hard_state,
                              const std::vector<LogEntry>& entries) {
  size_t body_size = 0;
  if (hard_state) body_size += kRecordHeaderSize + encode_hard_state(*hard_state).size();
  for (const LogEntry& entry : entries) body_size += kRecordHeaderSize + entry.payload.size();

  std::string batch;
  batch.reserve(kBatchHeaderSize + body_size + kTrailerSize);
  const std::string header = encode_batch_header({synced_index_, body_size, chain_});
  chain_ =
      append_record({RecordType::kBatchHeader, last_term_, last_index_, header}, chain_, batch);
  if (hard_state) {
    hard_state_ = *hard_state;
    const std::string payload = encode_hard_state(*hard_state);
    chain_ = append_record({RecordType::kHardState, hard_state->term, last_index_, payload}, chain_,
                           batch);
  }
  for (const LogEntry& entry : entries) {
    chain_ =
        append_record({RecordType::kEntry, entry.term, entry.index, entry.payload}, chain_, batch);
    last_index_ = entry.index;
    last_term_ = entry.term;
  }
  chain_ = append_record({RecordType::kTrailer, last_term_, last_index_, {}}, chain_, batch);
  return batch;
}

absl::Status Wal::write_batch(const std::string& batch) {
  BOOKSTORE_RETURN_IF_ERROR(file_->write(offset_, batch));
  BOOKSTORE_RETURN_IF_ERROR(file_->sync());
  synced_index_ = last_index_;
  offset_ += batch.size();
  counters_.bytes += batch.size();
  // Rolling after the batch and not before the next keeps the rule simple: a segment that exists
  // proves that everything in the segments before it is durable.
  if (offset_ < options_.segment_size) return absl::OkStatus();
  const absl::Status rolled = roll();
  // The batch itself is durable and may be acknowledged; only what comes later is refused.
  if (!rolled.ok()) health_ = base::annotate(rolled, "the order log cannot start a new segment");
  return absl::OkStatus();
}

absl::Status Wal::roll() {
  const uint64_t number = segment_ + 1;
  const std::string name = segment_name(number);
  const std::string temporary = name + ".tmp";
  BOOKSTORE_ASSIGN_OR_RETURN(auto file, disk_.create(temporary));
  BOOKSTORE_RETURN_IF_ERROR(file->preallocate(options_.segment_size));
  std::string start = encode_segment_header({number, last_index_, last_term_, chain_});
  // Every segment knows the hard state, because those before it may be removed.
  if (!(hard_state_ == HardState())) start += encode_batch(hard_state_, {});
  BOOKSTORE_RETURN_IF_ERROR(file->write(0, start));
  BOOKSTORE_RETURN_IF_ERROR(file->sync());
  BOOKSTORE_RETURN_IF_ERROR(disk_.rename(temporary, name));
  BOOKSTORE_RETURN_IF_ERROR(disk_.sync_directory());
  file_ = std::move(file);
  segment_ = number;
  segments_[number] = last_index_;
  offset_ = start.size();
  ++counters_.segments;
  return absl::OkStatus();
}

std::vector<std::string> Wal::segments_up_to(uint64_t index) const {
  std::vector<std::string> names;
  for (auto segment = segments_.begin(); segment != segments_.end(); ++segment) {
    const auto next = std::next(segment);
    if (next == segments_.end() || next->second > index) break;
    names.push_back(segment_name(segment->first));
  }
  return names;
}

void Wal::forget(const std::vector<std::string>& segments) {
  for (const std::string& name : segments) segments_.erase(*segment_number(name));
}

}  // namespace bookstore::order_executor
