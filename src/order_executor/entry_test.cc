#include "order_executor/entry.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace bookstore::order_executor {
namespace {

std::string some_text(base::Random& random) {
  std::string text(random.below(12), '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

std::vector<base::OrderId> some_ids(base::Random& random) {
  std::vector<base::OrderId> ids;
  for (uint64_t i = random.below(kBatchMax + 1); i > 0; --i) ids.push_back({some_text(random)});
  return ids;
}

Command some_command(base::Random& random, size_t kind) {
  const base::OrderId id{some_text(random)};
  switch (kind) {
    case 0: {
      Submit submit{id,
                    {},
                    {"EUR", static_cast<int64_t>(random.next())},
                    some_text(random),
                    static_cast<ShippingClass>(random.below(3)),
                    some_text(random),
                    static_cast<base::WallMs>(random.next())};
      for (uint64_t i = random.below(4); i > 0; --i) {
        submit.lines.push_back({some_text(random), static_cast<uint32_t>(random.next())});
      }
      return submit;
    }
    case 1:
      return Begin{some_ids(random)};
    case 2:
      return Decide{id, random.below(2) == 0 ? Decision::kCommit : Decision::kAbort,
                    static_cast<AbortScope>(random.below(3)), some_text(random), some_text(random)};
    case 3:
      return Finish{id, some_text(random)};
    case 4:
      return Park{id, ParkKind::kCaptureRefused, some_text(random), some_text(random)};
    case 5:
      return Resume{id};
    case 6:
      return Fail{id, some_text(random)};
    case 7:
      return Cancel{id, some_text(random)};
    case 8: {
      Retire retire;
      for (auto& some_id : some_ids(random)) {
        retire.orders.push_back({std::move(some_id), static_cast<base::WallMs>(random.next())});
      }
      return retire;
    }
    case 9: {
      Configure configure;
      configure.queue_capacity = random.next();
      configure.executing_capacity = static_cast<uint32_t>(random.next());
      configure.class_offset_ms[1] = static_cast<base::DurationMs>(random.next());
      return configure;
    }
    default:
      return Time{};
  }
}

TEST(Entry, SurvivesTheLogUnchanged) {
  base::SeededRandom random(1);
  for (int round = 0; round < 2'000; ++round) {
    const Entry entry{static_cast<base::WallMs>(random.next()),
                      some_command(random, round % std::variant_size_v<Command>)};
    const auto decoded = decode_entry(encode_entry(entry));
    ASSERT_TRUE(decoded.has_value()) << command_name(entry.command) << " of round " << round;
    EXPECT_EQ(*decoded, entry) << command_name(entry.command) << " of round " << round;
  }
}

TEST(Entry, CutOrExtendedBytesAreRefused) {
  base::SeededRandom random(2);
  for (size_t kind = 0; kind < std::variant_size_v<Command>; ++kind) {
    const std::string bytes = encode_entry({5, some_command(random, kind)});
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_entry(bytes.substr(0, size))) << kind << " cut to " << size;
    }
    EXPECT_FALSE(decode_entry(bytes + '\0')) << kind;
  }
}

TEST(Entry, ARetireOfTheFirstVersionNamesNoTimes) {
  // version 1, tag 8, time 5, one id "a"
  const std::string bytes(
      "\x01\x08\x05\0\0\0\0\0\0\0\x01\x01"
      "a",
      13);
  const auto entry = decode_entry(bytes);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(*entry, (Entry{5, Retire{{{{"a"}, 0}}}}));
}

TEST(Entry, RandomBytesAreRefusedOrAreAnEntry) {
  base::SeededRandom random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = encode_entry({5, some_command(random, round % 11)});
    bytes[random.below(bytes.size())] = static_cast<char>(random.next());
    // Decoding must never invent: what it accepts encodes to something that decodes to the same.
    if (const auto entry = decode_entry(bytes)) {
      EXPECT_EQ(decode_entry(encode_entry(*entry)), entry);
    }
  }
}

}  // namespace
}  // namespace bookstore::order_executor
