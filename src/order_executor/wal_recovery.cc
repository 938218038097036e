// How a log is read at the start; the rules are in wal.h.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "order_executor/wal.h"

namespace bookstore::order_executor {
namespace {

constexpr char kCopyInfix[] = ".cut-";

}  // namespace

class WalRecovery {
 public:
  WalRecovery(Disk& disk, Wal& wal, const Wal::Replay& replay, Wal::Recovered& recovered)
      : disk_(disk), wal_(wal), replay_(replay), recovered_(recovered) {}

  absl::Status run() {
    BOOKSTORE_ASSIGN_OR_RETURN(const std::vector<uint64_t> numbers, segments());
    if (numbers.empty()) {
      if (snapshot_index() > 0) return short_of_snapshot();
      return wal_.roll();
    }
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] != numbers[0] + i) {
        return absl::DataLossError(
            absl::StrCat("the order log has lost its segment ", segment_name(numbers[0] + i),
                         "; restore the directory from a copy, accepted orders are missing"));
      }
      BOOKSTORE_RETURN_IF_ERROR(read_segment(numbers[i], i == 0, i + 1 == numbers.size()));
    }
    if (wal_.last_index_ < snapshot_index()) return short_of_snapshot();
    BOOKSTORE_RETURN_IF_ERROR(make_tail_durable());
    recovered_.hard_state = wal_.hard_state_;
    recovered_.last_index = wal_.last_index_;
    recovered_.last_term = wal_.last_term_;
    wal_.synced_index_ = wal_.last_index_;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<uint64_t>> segments() {
    BOOKSTORE_ASSIGN_OR_RETURN(const std::vector<std::string> names, disk_.list());
    std::vector<uint64_t> numbers;
    for (const std::string& name : names) {
      if (const auto number = segment_number(name)) {
        numbers.push_back(*number);
      } else if (name.find(kCopyInfix) != std::string::npos) {
        ++recovered_.doubtful_copies;
      } else if (name.size() > 4 && name.compare(name.size() - 4, 4, ".tmp") == 0) {
        // A roll that a crash stopped before its rename: nothing was ever written behind it.
        BOOKSTORE_RETURN_IF_ERROR(disk_.remove(name));
      }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  uint64_t snapshot_index() const { return wal_.options_.snapshot_index; }

  // What a snapshot holds was synced in the log before: the log has lost its end.
  absl::Status short_of_snapshot() const {
    return absl::DataLossError(absl::StrCat(
        "the order log ends at entry ", wal_.last_index_, ", the snapshot beside it is ",
        "of entry ", snapshot_index(), "; restore the directory from a copy, entries are missing"));
  }

  // The first segment that is there says where the log begins.
  absl::Status begin(const SegmentHeader& header) {
    if (header.last_index > snapshot_index()) {
      return absl::DataLossError(
          absl::StrCat("the order log begins after entry ", header.last_index,
                       snapshot_index() == 0
                           ? std::string(", and no snapshot that can be read holds what was before")
                           : absl::StrCat(", but the newest snapshot that can be read is of entry ",
                                          snapshot_index()),
                       "; restore the directory from a copy, accepted orders are missing"));
    }
    wal_.chain_ = header.chain;
    wal_.last_index_ = header.last_index;
    wal_.last_term_ = header.last_term;
    return absl::OkStatus();
  }

  absl::Status read_segment(uint64_t number, bool first, bool last) {
    name_ = segment_name(number);
    last_batch_ = {};
    BOOKSTORE_ASSIGN_OR_RETURN(wal_.file_, disk_.open(name_));
    BOOKSTORE_ASSIGN_OR_RETURN(const uint64_t size, wal_.file_->size());
    BOOKSTORE_ASSIGN_OR_RETURN(bytes_, wal_.file_->read(0, size));
    const auto header = decode_segment_header(bytes_);
    // The header was durable before the segment got its name.
    if (!header || header->number != number) return hole(0);
    if (first) BOOKSTORE_RETURN_IF_ERROR(begin(*header));
    if (header->chain != wal_.chain_ || header->last_index != wal_.last_index_) {
      return absl::DataLossError(
          absl::StrCat("the order log ends at entry ", wal_.last_index_, " before segment ", name_,
                       ", which begins after entry ", header->last_index,
                       "; restore the directory from a copy, accepted orders are missing"));
    }
    wal_.segment_ = number;
    wal_.segments_[number] = header->last_index;
    size_t position = kSegmentHeaderSize;
    while (const size_t batch_size = read_batch(position)) {
      last_batch_ = {position, batch_size};
      position += batch_size;
    }
    wal_.offset_ = position;
    if (all_zeros(rest(position))) return absl::OkStatus();
    if (!last || written_later(position)) return hole(position);
    return cut(position);
  }

  std::string_view rest(size_t position) const {
    return std::string_view(bytes_).substr(std::min(position, bytes_.size()));
  }

  // The size of the whole and valid batch at `position`, whose entries are then replayed; or 0.
  size_t read_batch(size_t position) {
    const std::string_view bytes = rest(position);
    const auto header = read_batch_header(bytes);
    if (!header || header->header.chain != wal_.chain_) return 0;
    const uint64_t body_size = header->header.body_size;
    if (body_size > bytes.size() || bytes.size() - body_size < kBatchHeaderSize + kTrailerSize) {
      return 0;
    }
    std::vector<Record> records;
    const auto chain = read_body(bytes.substr(header->size, body_size), header->sum, records);
    if (!chain) return 0;
    const auto trailer = read_record(bytes.substr(header->size + body_size), *chain);
    if (!trailer || trailer->record.type != RecordType::kTrailer) return 0;
    if (!take(records)) return 0;
    wal_.chain_ = trailer->sum;
    return header->size + body_size + trailer->size;
  }

  static std::optional<uint64_t> read_body(std::string_view body, uint64_t chain,
                                           std::vector<Record>& records) {
    while (!body.empty()) {
      const auto read = read_record(body, chain);
      if (!read) return std::nullopt;
      records.push_back(read->record);
      chain = read->sum;
      body.remove_prefix(read->size);
    }
    return chain;
  }

  // False for records that append() cannot have written.
  bool take(const std::vector<Record>& records) {
    uint64_t next = wal_.last_index_ + 1;
    for (const Record& record : records) {
      if (record.type == RecordType::kEntry && record.index != next++) return false;
    }
    for (const Record& record : records) {
      if (record.type == RecordType::kHardState) {
        base::ByteReader in(record.payload);
        wal_.hard_state_ = {in.u64(), in.u64(), in.u64()};
      } else if (record.type == RecordType::kEntry) {
        if (record.index > snapshot_index()) {
          replay_({record.term, record.index, std::string(record.payload)});
        }
        wal_.last_index_ = record.index;
        wal_.last_term_ = record.term;
      }
    }
    return true;
  }

  // A batch that proves itself behind `position` was begun only after everything before it had
  // been synced.
  bool written_later(size_t position) const {
    for (size_t at = position + 1; at + kBatchHeaderSize <= bytes_.size(); ++at) {
      if (read_batch_header(rest(at))) return true;
    }
    return false;
  }

  // True when the batch at `position` was certainly not finished: its trailer has not arrived.
  bool never_acknowledged(size_t position) const {
    const std::string_view bytes = rest(position);
    if (bytes.size() < kBatchHeaderSize) return true;
    const auto header = read_batch_header(bytes);
    if (!header || header->header.chain != wal_.chain_) return false;
    const uint64_t trailer = header->size + header->header.body_size;
    if (bytes.size() < kTrailerSize || trailer > bytes.size() - kTrailerSize) return true;
    return all_zeros(bytes.substr(trailer, kTrailerSize));
  }

  absl::Status cut(size_t position) {
    if (never_acknowledged(position)) {
      recovered_.notes.push_back(absl::StrCat("cut an unfinished batch after entry ",
                                              wal_.last_index_, " at the end of ", name_,
                                              ": it was never acknowledged"));
    } else {
      const std::string copy_name = absl::StrCat(name_, kCopyInfix, position);
      ++recovered_.doubtful_copies;
      BOOKSTORE_ASSIGN_OR_RETURN(auto copy, disk_.create(copy_name));
      BOOKSTORE_RETURN_IF_ERROR(copy->write(0, rest(position)));
      BOOKSTORE_RETURN_IF_ERROR(copy->sync());
      BOOKSTORE_RETURN_IF_ERROR(disk_.sync_directory());
      recovered_.notes.push_back(
          absl::StrCat("cut a damaged last batch after entry ", wal_.last_index_, " from ", name_,
                       "; whether it was acknowledged is not known, a copy is in ", copy_name));
    }
    // Zeros behind the cut, so that the next recovery meets a clean end.
    BOOKSTORE_RETURN_IF_ERROR(wal_.file_->truncate(position));
    BOOKSTORE_RETURN_IF_ERROR(wal_.file_->sync());
    BOOKSTORE_RETURN_IF_ERROR(wal_.file_->preallocate(wal_.options_.segment_size));
    return wal_.file_->sync();
  }

  // After a failed sync the page cache may hold bytes that the disk never got, marked clean. What
  // is replayed will be acted on, so the last batch is written once more and synced: it reaches
  // the disk now, or the start fails. Earlier batches were synced before the last one began.
  absl::Status make_tail_durable() {
    if (last_batch_.size == 0 || last_batch_.offset + last_batch_.size != wal_.offset_) {
      return wal_.file_->sync();
    }
    BOOKSTORE_RETURN_IF_ERROR(wal_.file_->write(
        last_batch_.offset, std::string_view(bytes_).substr(last_batch_.offset, last_batch_.size)));
    return wal_.file_->sync();
  }

  absl::Status hole(size_t position) const {
    return absl::DataLossError(
        absl::StrCat("the order log is damaged in ", name_, " at byte ", position, ", after entry ",
                     wal_.last_index_, ", where entries were acknowledged; it is left untouched: ",
                     "restore the directory from a copy"));
  }

  struct Extent {
    size_t offset = 0;
    size_t size = 0;
  };

  Disk& disk_;
  Wal& wal_;
  const Wal::Replay& replay_;
  Wal::Recovered& recovered_;
  std::string name_;   // of the segment being read
  std::string bytes_;  // its contents
  Extent last_batch_;  // in it
};

absl::StatusOr<std::unique_ptr<Wal>> Wal::open(Disk& disk, Options options, const Replay& replay,
                                               Recovered& recovered) {
  std::unique_ptr<Wal> wal(new Wal(disk, options));
  BOOKSTORE_RETURN_IF_ERROR(WalRecovery(disk, *wal, replay, recovered).run());
  return wal;
}

}  // namespace bookstore::order_executor
