#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace bookstore::base {
namespace {

TEST(Bytes, WhatIsWrittenIsRead) {
  SeededRandom random(7);
  for (int round = 0; round < 1000; ++round) {
    const uint64_t value = random.next() >> random.below(64);
    const std::string text(random.below(40), 'x');
    ByteWriter writer;
    writer.varint(value);
    writer.string(text);
    writer.u32(static_cast<uint32_t>(value));
    writer.u64(value);
    ByteReader reader(writer.bytes());
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.string(), text);
    EXPECT_EQ(reader.u32(), static_cast<uint32_t>(value));
    EXPECT_EQ(reader.u64(), value);
    EXPECT_TRUE(reader.finished());
  }
}

TEST(Bytes, EveryTruncationIsNoticed) {
  ByteWriter writer;
  writer.varint(300);
  writer.string("hello");
  writer.u64(1);
  for (size_t size = 0; size < writer.bytes().size(); ++size) {
    ByteReader reader(std::string_view(writer.bytes()).substr(0, size));
    reader.varint();
    reader.string();
    reader.u64();
    EXPECT_FALSE(reader.ok()) << size;
  }
}

TEST(Bytes, AVarintBeyond64BitsIsRefused) {
  ByteReader reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  EXPECT_EQ(reader.varint(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, TheHashIsTheSeededXxh3OfEveryMachine) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2u);  // XXH3_64bits("") as published with xxHash 0.8
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
}

}  // namespace
}  // namespace bookstore::base
