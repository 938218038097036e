#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bookstore::base {

// The byte format of everything we store or hash ourselves (log entries, snapshots, clocks):
// fixed-width integers are little-endian, varints are LEB128, strings are varint length + bytes.
// Protobuf is not used there because its encoding is not canonical.
class ByteWriter {
 public:
  void u8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(uint32_t value);
  void u64(uint64_t value);
  void varint(uint64_t value);
  void string(std::string_view value);
  void raw(std::string_view value) { bytes_.append(value); }

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. Damage is never undefined behaviour: after the first impossible
// read ok() is false for good and every read gives zero or empty. Does not own the bytes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t u8();
  uint32_t u32();
  uint64_t u64();
  uint64_t varint();
  std::string string();
  std::string_view raw(size_t size);

  bool ok() const { return ok_; }
  // True when everything was read and nothing failed.
  bool finished() const { return ok_ && bytes_.empty(); }
  size_t remaining() const { return bytes_.size(); }

 private:
  std::string_view take(size_t size);

  std::string_view bytes_;
  bool ok_ = true;
};

// XXH3-64 (https://xxhash.com) of the bytes, chained by `seed`.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

std::string to_hex(std::string_view bytes);

}  // namespace bookstore::base
