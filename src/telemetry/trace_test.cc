#include "telemetry/trace.h"

#include <gtest/gtest.h>

namespace bookstore::telemetry {
namespace {

constexpr char kExample[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, TheExampleOfTheStandardIsValid) {
  EXPECT_TRUE(valid_traceparent(kExample));
  EXPECT_EQ(trace_id(kExample), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(Trace, AnythingElseIsAbsent) {
  for (const char* text : {"", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"}) {
    EXPECT_FALSE(valid_traceparent(text)) << text;
    EXPECT_EQ(trace_id(text), "") << text;
  }
}

TEST(Trace, WhatWeMakeIsValidAndDiffers) {
  base::SeededRandom random(7);
  const std::string one = make_traceparent(random), two = make_traceparent(random);
  EXPECT_TRUE(valid_traceparent(one)) << one;
  EXPECT_NE(trace_id(one), trace_id(two));
}

TEST(Trace, AChildStaysInItsTraceWithItsOwnSpan) {
  base::SeededRandom random(7);
  const std::string child = child_traceparent(kExample, random);
  EXPECT_TRUE(valid_traceparent(child));
  EXPECT_EQ(trace_id(child), trace_id(kExample));
  EXPECT_NE(child, kExample);
  EXPECT_TRUE(valid_traceparent(child_traceparent("garbage", random)));
}

}  // namespace
}  // namespace bookstore::telemetry
