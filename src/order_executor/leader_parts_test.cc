// The small parts a leader needs beside the log: its idea of time, what it remembers for watchers,
// and the clocks of the orders.
#include <gtest/gtest.h>

#include "order_executor/order_clocks.h"
#include "order_executor/time_keeper.h"
#include "order_executor/transition_history.h"

namespace bookstore::order_executor {
namespace {

using causality::VectorClock;

TEST(TimeKeeper, AClockThatNobodyConfirmedMovesNothing) {
  TimeKeeper keeper;
  EXPECT_EQ(keeper.propose(1'000'000, 500), 0);
  EXPECT_FALSE(keeper.skewed()) << "an unknown difference is no skew";
  keeper.on_database_time(9'000'000, 1'000'000, 500);
  EXPECT_EQ(keeper.propose(1'000'000, 500), 0);
  keeper.on_database_time(1'000'100, 1'000'000, 500);
  EXPECT_EQ(keeper.propose(1'000'050, 550), 1'000'050);
}

TEST(TimeKeeper, AWallClockThatJumpsAheadIsBelievedForTenSecondsOnly) {
  TimeKeeper keeper;
  keeper.on_database_time(1'000'000, 1'000'000, 500);
  EXPECT_EQ(keeper.propose(1'010'050, 550), 1'010'050);
  EXPECT_EQ(keeper.propose(4'600'000, 550), 1'010'050);
  keeper.on_database_time(4'604'000, 4'600'000, 550);
  EXPECT_EQ(keeper.propose(4'600'000, 550), 4'600'000);
}

TEST(TimeKeeper, MoreThanFiveSecondsApartIsSkew) {
  TimeKeeper keeper;
  keeper.on_database_time(1'005'000, 1'000'000, 500);
  EXPECT_FALSE(keeper.skewed());
  keeper.on_database_time(1'005'001, 1'000'000, 500);
  EXPECT_TRUE(keeper.skewed());
  keeper.on_database_time(994'999, 1'000'000, 500);
  EXPECT_TRUE(keeper.skewed());
  EXPECT_EQ(keeper.offset_ms(), -5'001);
  keeper.on_database_time(1'000'000, 1'000'000, 500);
  EXPECT_FALSE(keeper.skewed());
}

Transition at(uint64_t index, const std::string& id) {
  Transition transition;
  transition.id = {id};
  transition.index = index;
  return transition;
}

TEST(TransitionHistory, AWatcherGetsEverythingAfterItsCursorOnce) {
  TransitionHistory history(10, 100);
  EXPECT_EQ(history.since(10, 100).next, 10u);
  history.add({at(11, "a"), at(11, "b")}, 11);
  history.add({}, 12);
  history.add({at(13, "c")}, 13);
  const auto page = history.since(10, 100);
  EXPECT_EQ(page.transitions.size(), 3u);
  EXPECT_EQ(page.next, 13u);
  EXPECT_FALSE(page.gap);
  EXPECT_TRUE(history.since(page.next, 100).transitions.empty());
}

TEST(TransitionHistory, APageNeverEndsInTheMiddleOfAnEntry) {
  TransitionHistory history(0, 100);
  history.add({at(1, "a"), at(1, "b"), at(1, "c")}, 1);
  history.add({at(2, "d")}, 2);
  auto page = history.since(0, 2);
  EXPECT_EQ(page.transitions.size(), 3u);
  EXPECT_EQ(page.next, 1u);
  page = history.since(page.next, 2);
  ASSERT_EQ(page.transitions.size(), 1u);
  EXPECT_EQ(page.transitions[0].id.value, "d");
  EXPECT_EQ(page.next, 2u);
}

TEST(TransitionHistory, WhoIsTooFarBehindIsToldSo) {
  TransitionHistory history(5, 2);
  EXPECT_TRUE(history.since(4, 10).gap) << "from before this start";
  EXPECT_TRUE(history.since(9, 10).gap) << "a cursor of another log";
  history.add({at(6, "a"), at(6, "b")}, 6);
  EXPECT_FALSE(history.since(5, 10).gap);
  history.add({at(7, "c")}, 7);
  const auto page = history.since(5, 10);
  EXPECT_TRUE(page.gap);
  EXPECT_EQ(page.next, 7u);
  EXPECT_FALSE(history.since(6, 10).gap);
}

Order order_with(const std::string& id, const VectorClock& clock) {
  Order order;
  order.id = {id};
  order.clock = clock.encode();
  return order;
}

VectorClock one(const std::string& host) {
  VectorClock clock;
  EXPECT_TRUE(clock.tick(host));
  return clock;
}

TEST(OrderClocks, ALeaderContinuesTheHistoryThatTheEntryKept) {
  Order order = order_with("a", one("orchestrator-1"));
  OrderClocks first(3);
  order.clock = first.tick(order);
  const std::string later = first.tick(order);

  // The new leader knows the entry's clock, not what the old one did after it.
  OrderClocks second(4);
  const auto clock = *VectorClock::decode(second.tick(order));
  EXPECT_EQ(clock.at("orchestrator-1"), 1u);
  EXPECT_EQ(clock.at("executor-1.3"), 1u);
  EXPECT_EQ(clock.at("executor-1.4"), 1u);
  EXPECT_EQ(VectorClock::decode(later)->compare(clock), causality::Order::kConcurrent);
}

TEST(OrderClocks, AReplyIsMergedBeforeItsOwnTick) {
  const Order order = order_with("a", one("orchestrator-1"));
  OrderClocks clocks(1);
  const auto sent = *VectorClock::decode(clocks.tick(order));
  VectorClock replied = sent;
  ASSERT_TRUE(replied.tick("inventory"));
  const auto received = *VectorClock::decode(clocks.receive(order, replied.encode()));
  EXPECT_TRUE(replied.covered_by(received));
  EXPECT_EQ(received.at("executor-1.1"), 2u);
  EXPECT_EQ(clocks.lost(), 0u);
}

TEST(OrderClocks, WhatCannotBeReadIsCountedAndForgetsNothing) {
  const Order order = order_with("a", one("orchestrator-1"));
  OrderClocks clocks(1);
  const auto clock = *VectorClock::decode(clocks.receive(order, "not a clock"));
  EXPECT_EQ(clock.at("orchestrator-1"), 1u);
  EXPECT_EQ(clock.at("executor-1.1"), 1u);
  EXPECT_EQ(clocks.lost(), 1u);
  clocks.receive(order, "");
  EXPECT_EQ(clocks.lost(), 1u) << "who keeps no clock sends none";
}

}  // namespace
}  // namespace bookstore::order_executor
