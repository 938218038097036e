#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bookstore::order_executor {

// The bytes of a log segment (all integers little-endian):
//   segment = segment header, then batches back to back, then zeros or end of file
//   batch   = batch header record, body records, trailer record
//   record  = length u32, type u8, term u64, index u64, sum u64, payload[length]
// `sum` is XXH3-64 of the first four fields and the payload, seeded with the sum of the record
// before it: that chains the log. The segment header and every batch header also name the sum
// before them, so that each can be recognised by itself, also behind damage.

enum class RecordType : uint8_t {
  kBatchHeader = 0xB1,
  kEntry = 0xE1,
  kHardState = 0xA1,
  kTrailer = 0x71,
};

struct Record {
  RecordType type = RecordType::kEntry;
  uint64_t term = 0;
  uint64_t index = 0;
  std::string_view payload;
};

inline constexpr size_t kRecordHeaderSize = 4 + 1 + 8 + 8 + 8;
inline constexpr size_t kSegmentHeaderSize = 8 + 4 + 8 + 8 + 8 + 8 + 8;
inline constexpr uint64_t kPayloadMax = 16 << 20;

struct SegmentHeader {
  uint64_t number = 0;
  uint64_t last_index = 0;  // of the segments before
  uint64_t last_term = 0;
  uint64_t chain = 0;  // sum of the last record before
};

// What a batch promises about itself and about what was durable before it was written.
struct BatchHeader {
  uint64_t last_synced_index = 0;
  uint64_t body_size = 0;  // of the records between this one and the trailer
  uint64_t chain = 0;      // sum of the record before
};

std::string segment_name(uint64_t number);
std::optional<uint64_t> segment_number(std::string_view name);

std::string encode_segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

// Appends one record to `out`; returns its sum, the next record's chain.
uint64_t append_record(const Record& record, uint64_t chain, std::string& out);

// The record at the start of `bytes` if it is whole and its sum follows `chain`.
struct ReadRecord {
  Record record;
  uint64_t sum = 0;
  size_t size = 0;  // header and payload
};
std::optional<ReadRecord> read_record(std::string_view bytes, uint64_t chain);

std::string encode_batch_header(const BatchHeader& header);
std::optional<BatchHeader> decode_batch_header(std::string_view payload);
// A batch header that proves itself by the chain it names, at the start of `bytes`.
struct ReadBatchHeader {
  BatchHeader header;
  uint64_t sum = 0;
  size_t size = 0;
};
std::optional<ReadBatchHeader> read_batch_header(std::string_view bytes);

inline constexpr size_t kBatchHeaderSize = kRecordHeaderSize + 8 + 8 + 8;
inline constexpr size_t kTrailerSize = kRecordHeaderSize;

bool all_zeros(std::string_view bytes);

}  // namespace bookstore::order_executor
