#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/json.h"

namespace bookstore::json {
namespace {

Value scalar(int choice, int64_t number, const std::string& text) {
  switch (choice % 5) {
    case 0:
      return nullptr;
    case 1:
      return number % 2 == 0;
    case 2:
      return number % (int64_t{1} << 53);
    case 3:
      return static_cast<double>(number % 1'000'000) / 8.0;
    default:
      return Value(text);
  }
}

std::string some_text() {
  return *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
}

Value some_value(int depth) {
  const int choice = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  if (choice < 5) return scalar(choice, *rc::gen::arbitrary<int64_t>(), some_text());
  const int size = *rc::gen::inRange(0, 4);
  if (choice == 5) {
    Array array;
    for (int i = 0; i < size; ++i) array.push_back(some_value(depth - 1));
    return array;
  }
  Object object;
  for (int i = 0; i < size; ++i) object[some_text()] = some_value(depth - 1);
  return object;
}

TEST(JsonWrite, WhatIsWrittenReadsBackEqual) {
  EXPECT_TRUE(rc::check([] {
    const Value value = some_value(4);
    const auto again = parse(write(value));
    RC_ASSERT(again.ok());
    RC_ASSERT(write(*again) == write(value));
    RC_ASSERT(write_canonical(*again) == write_canonical(value));
  }));
}

TEST(JsonWrite, CanonicalFormDoesNotDependOnTheOrderOfMembers) {
  const auto one = parse(R"({"b":{"y":1,"x":[{"q":1,"p":2}]},"a":2.0})");
  const auto two = parse(R"( { "a":2, "b":{"x":[{"p":2,"q":1}], "y":1} } )");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(write_canonical(*one), R"({"a":2,"b":{"x":[{"p":2,"q":1}],"y":1}})");
  EXPECT_EQ(write_canonical(*one), write_canonical(*two));
  EXPECT_NE(write(*one), write(*two));
}

TEST(JsonWrite, DoublesAreShortAndNotInScientificFormWhereAPersonWouldNotWriteIt) {
  EXPECT_EQ(write(Value(0.07)), "0.07");
  EXPECT_EQ(write(Value(0.5)), "0.5");
  EXPECT_EQ(write(Value(12.0)), "12");
}

TEST(JsonWrite, ControlCharactersAndQuotesAreEscaped) {
  EXPECT_EQ(write(Value(std::string("a\"\\\x01\n\x1f"))), "\"a\\\"\\\\\\u0001\\n\\u001f\"");
}

}  // namespace
}  // namespace bookstore::json
