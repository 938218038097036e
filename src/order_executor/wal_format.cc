#include "order_executor/wal_format.h"

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "base/check.h"

namespace bookstore::order_executor {
namespace {

constexpr std::string_view kMagic = "BKWAL\r\n\x01";
constexpr uint32_t kVersion = 1;
constexpr size_t kSumOffset = kRecordHeaderSize - 8;

bool known_type(uint8_t type) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::kBatchHeader:
    case RecordType::kEntry:
    case RecordType::kHardState:
    case RecordType::kTrailer:
      return true;
  }
  return false;
}

uint64_t record_sum(std::string_view header, std::string_view payload, uint64_t chain) {
  return base::hash64(payload, base::hash64(header.substr(0, kSumOffset), chain));
}

}  // namespace

std::string segment_name(uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof(name), "wal-%016llx.log", static_cast<unsigned long long>(number));
  return name;
}

std::optional<uint64_t> segment_number(std::string_view name) {
  unsigned long long number = 0;
  if (std::sscanf(std::string(name).c_str(), "wal-%16llx.log", &number) != 1) return std::nullopt;
  if (segment_name(number) != name) return std::nullopt;
  return number;
}

std::string encode_segment_header(const SegmentHeader& header) {
  base::ByteWriter out;
  out.raw(kMagic);
  out.u32(kVersion);
  out.u64(header.number);
  out.u64(header.last_index);
  out.u64(header.last_term);
  out.u64(header.chain);
  const uint64_t sum = base::hash64(out.bytes());
  out.u64(sum);
  BOOKSTORE_CHECK(out.bytes().size() == kSegmentHeaderSize, out.bytes().size());
  return out.take();
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderSize) return std::nullopt;
  base::ByteReader in(bytes.substr(0, kSegmentHeaderSize));
  if (in.raw(kMagic.size()) != kMagic || in.u32() != kVersion) return std::nullopt;
  SegmentHeader header;
  header.number = in.u64();
  header.last_index = in.u64();
  header.last_term = in.u64();
  header.chain = in.u64();
  if (in.u64() != base::hash64(bytes.substr(0, kSegmentHeaderSize - 8))) return std::nullopt;
  return header;
}

uint64_t append_record(const Record& record, uint64_t chain, std::string& out) {
  BOOKSTORE_CHECK(record.payload.size() <= kPayloadMax, record.payload.size());
  base::ByteWriter header;
  header.u32(static_cast<uint32_t>(record.payload.size()));
  header.u8(static_cast<uint8_t>(record.type));
  header.u64(record.term);
  header.u64(record.index);
  const uint64_t sum = record_sum(header.bytes(), record.payload, chain);
  header.u64(sum);
  out += header.bytes();
  out += record.payload;
  return sum;
}

std::optional<ReadRecord> read_record(std::string_view bytes, uint64_t chain) {
  if (bytes.size() < kRecordHeaderSize) return std::nullopt;
  base::ByteReader in(bytes);
  const uint32_t length = in.u32();
  const uint8_t type = in.u8();
  ReadRecord read;
  read.record.term = in.u64();
  read.record.index = in.u64();
  read.sum = in.u64();
  if (!known_type(type) || length > kPayloadMax || length > in.remaining()) return std::nullopt;
  read.record.type = static_cast<RecordType>(type);
  read.record.payload = bytes.substr(kRecordHeaderSize, length);
  read.size = kRecordHeaderSize + length;
  if (record_sum(bytes.substr(0, kRecordHeaderSize), read.record.payload, chain) != read.sum) {
    return std::nullopt;
  }
  return read;
}

std::string encode_batch_header(const BatchHeader& header) {
  base::ByteWriter out;
  out.u64(header.last_synced_index);
  out.u64(header.body_size);
  out.u64(header.chain);
  return out.take();
}

std::optional<BatchHeader> decode_batch_header(std::string_view payload) {
  base::ByteReader in(payload);
  BatchHeader header;
  header.last_synced_index = in.u64();
  header.body_size = in.u64();
  header.chain = in.u64();
  if (!in.finished()) return std::nullopt;
  return header;
}

std::optional<ReadBatchHeader> read_batch_header(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderSize) return std::nullopt;
  if (bytes[4] != static_cast<char>(RecordType::kBatchHeader)) return std::nullopt;
  const auto header =
      decode_batch_header(bytes.substr(kRecordHeaderSize, kBatchHeaderSize - kRecordHeaderSize));
  if (!header) return std::nullopt;
  const auto read = read_record(bytes, header->chain);
  if (!read || read->size != kBatchHeaderSize) return std::nullopt;
  return ReadBatchHeader{*header, read->sum, read->size};
}

bool all_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace bookstore::order_executor
