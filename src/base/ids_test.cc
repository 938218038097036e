#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "base/fake_clock.h"

namespace bookstore::base {
namespace {

TEST(Ids, OrderIdsAreUniqueSortableAndParse) {
  FakeClock clock;
  SeededRandom random(1);
  std::set<std::string> seen;
  std::string before;
  for (int i = 0; i < 1000; ++i) {
    const OrderId id = make_order_id(clock, random);
    EXPECT_TRUE(parse_order_id(id.value)) << id.value;
    EXPECT_TRUE(seen.insert(id.value).second);
    EXPECT_GT(id.value, before);
    before = id.value;
    clock.advance(1);
  }
}

TEST(Ids, OtherFormsAreRefused) {
  for (const char* text : {"", "ord_", "ord_01J8XYZ", "ord_81J8XYZABCDEFGHJKMNPQRSTVW",
                           "ord_01j8xyzabcdefghjkmnpqrstvw", "ord_01J8XYZABCDEFGHJKMNPQRSTVU",
                           "bok_01J8XYZABCDEFGHJKMNPQRSTVW", "ord_01J8XYZABCDEFGHJKMNPQRSTVW0"}) {
    EXPECT_FALSE(parse_order_id(text)) << text;
  }
}

TEST(Ids, BookIds) {
  EXPECT_TRUE(valid_book_id("bk_0001"));
  EXPECT_FALSE(valid_book_id(""));
  EXPECT_FALSE(valid_book_id("a b"));
  EXPECT_FALSE(valid_book_id(std::string(65, 'a')));
}

}  // namespace
}  // namespace bookstore::base
