#include "base/bytes.h"

#include <xxhash.h>

namespace bookstore::base {

void ByteWriter::u32(uint32_t value) {
  char bytes[4];
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(bytes, sizeof(bytes));
}

void ByteWriter::u64(uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(bytes, sizeof(bytes));
}

void ByteWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) u8(static_cast<uint8_t>(value | 0x80));
  u8(static_cast<uint8_t>(value));
}

void ByteWriter::string(std::string_view value) {
  varint(value.size());
  raw(value);
}

std::string_view ByteReader::take(size_t size) {
  if (!ok_ || size > bytes_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

uint8_t ByteReader::u8() {
  const std::string_view byte = take(1);
  return ok_ ? static_cast<uint8_t>(byte[0]) : 0;
}

uint32_t ByteReader::u32() {
  const std::string_view bytes = take(4);
  uint32_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

uint64_t ByteReader::u64() {
  const std::string_view bytes = take(8);
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return value;
}

uint64_t ByteReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = u8();
    if (shift == 63 && byte > 1) ok_ = false;  // would not fit 64 bits
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!ok_ || byte < 0x80) return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

std::string ByteReader::string() {
  const uint64_t size = varint();
  if (size > bytes_.size()) ok_ = false;
  return std::string(take(ok_ ? static_cast<size_t>(size) : 0));
}

std::string_view ByteReader::raw(size_t size) {
  return take(size);
}

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return text;
}

}  // namespace bookstore::base
