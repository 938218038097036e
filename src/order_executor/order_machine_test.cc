#include "order_executor/order_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"

namespace bookstore::order_executor {
namespace {

constexpr base::WallMs kNow = 1'790'000'000'000;

Submit submit_of(const std::string& id, ShippingClass shipping_class = ShippingClass::kStandard,
                 base::WallMs accept_before_ms = kNow + 120'000) {
  return {{id}, {{"book", 1}}, {"EUR", 1'000}, "token", shipping_class, "clock", accept_before_ms};
}

// A machine whose entries get their index and time here.
class Log {
 public:
  Applied add(Command command, base::DurationMs later_ms = 0) {
    now_ms_ += later_ms;
    entries_.push_back({now_ms_, std::move(command)});
    return machine.apply(entries_.size(), entries_.back());
  }
  Verdict verdict(Command command) { return add(std::move(command)).verdict; }
  State state(const std::string& id) const { return machine.find({id})->state; }
  const std::vector<Entry>& entries() const { return entries_; }

  OrderMachine machine;

 private:
  base::WallMs now_ms_ = kNow;
  std::vector<Entry> entries_;
};

TEST(OrderMachine, AGoodOrderGoesThroughItsStates) {
  Log log;
  EXPECT_EQ(log.verdict(submit_of("a")), Verdict::kApplied);
  EXPECT_EQ(log.state("a"), State::kAccepted);
  log.add(Begin{{{"a"}}});
  EXPECT_EQ(log.state("a"), State::kExecuting);
  log.add(Decide{{"a"}, Decision::kCommit, {}, "", "clock2"});
  EXPECT_EQ(log.state("a"), State::kExecuting);
  const Applied finished = log.add(Finish{{"a"}, "clock3"});
  ASSERT_EQ(finished.transitions.size(), 1u);
  EXPECT_EQ(finished.transitions[0].to, State::kCompleted);
  EXPECT_EQ(finished.transitions[0].clock, "clock3");
  EXPECT_EQ(finished.transitions[0].index, 4u);
  EXPECT_EQ(log.machine.illegal(), 0u);
}

TEST(OrderMachine, AnAbortKeepsItsReasonToTheEnd) {
  Log log;
  log.add(submit_of("a"));
  log.add(Begin{{{"a"}}});
  log.add(Decide{{"a"}, Decision::kAbort, AbortScope::kInventory, "card_declined", ""});
  log.add(Finish{{"a"}, ""});
  EXPECT_EQ(log.state("a"), State::kFailed);
  EXPECT_EQ(log.machine.find({"a"})->reason, "card_declined");
}

TEST(OrderMachine, TheFirstDecisionWins) {
  Log log;
  log.add(submit_of("a"));
  log.add(Begin{{{"a"}}});
  EXPECT_EQ(log.verdict(Decide{{"a"}, Decision::kCommit, {}, "", ""}), Verdict::kApplied);
  EXPECT_EQ(log.verdict(Decide{{"a"}, Decision::kAbort, {}, "late", ""}), Verdict::kNoEffect);
  log.add(Finish{{"a"}, ""});
  EXPECT_EQ(log.state("a"), State::kCompleted);
}

TEST(OrderMachine, CancelIsRefusedOnceBegun) {
  Log log;
  log.add(submit_of("a"));
  log.add(submit_of("b"));
  EXPECT_EQ(log.verdict(Cancel{{"a"}, "by the shopper"}), Verdict::kApplied);
  log.add(Begin{{{"a"}, {"b"}}});
  EXPECT_EQ(log.state("a"), State::kCanceled);
  EXPECT_EQ(log.state("b"), State::kExecuting);
  EXPECT_EQ(log.verdict(Cancel{{"b"}, ""}), Verdict::kIllegal);
  EXPECT_EQ(log.machine.illegal(), 1u);
}

TEST(OrderMachine, FinishNeedsADecision) {
  Log log;
  log.add(submit_of("a"));
  EXPECT_EQ(log.verdict(Finish{{"a"}, ""}), Verdict::kIllegal);
  log.add(Begin{{{"a"}}});
  EXPECT_EQ(log.verdict(Finish{{"a"}, ""}), Verdict::kIllegal);
  EXPECT_EQ(log.verdict(Decide{{"nobody"}, Decision::kCommit, {}, "", ""}), Verdict::kIllegal);
  EXPECT_EQ(log.machine.illegal(), 3u);
}

TEST(OrderMachine, AParkedOrderGoesOnOrIsGivenUp) {
  Log log;
  for (const char* id : {"resumed", "failed", "undecided", "odd"}) log.add(submit_of(id));
  log.add(Begin{log.machine.next_to_begin(4)});
  for (const char* id : {"resumed", "failed", "odd"}) {
    log.add(Decide{{id}, Decision::kCommit, {}, "", ""});
  }
  log.add(Park{{"resumed"}, ParkKind::kCaptureRefused, "payment: capture_refused", ""});
  log.add(Park{{"failed"}, ParkKind::kCaptureRefused, "payment: capture_refused", ""});
  log.add(Park{{"undecided"}, ParkKind::kContradiction, "inventory: contradiction", ""});
  log.add(Park{{"odd"}, ParkKind::kContradiction, "inventory: contradiction", ""});
  EXPECT_EQ(log.machine.executing().size(), 0u);

  EXPECT_EQ(log.verdict(Resume{{"resumed"}}), Verdict::kApplied);
  EXPECT_EQ(log.machine.order({"resumed"})->decision, Decision::kCommit);
  // Nothing was captured, so the commit may be given up; a mere contradiction may not.
  EXPECT_EQ(log.verdict(Fail{{"failed"}, "given_up"}), Verdict::kApplied);
  EXPECT_EQ(log.machine.order({"failed"})->decision, Decision::kAbort);
  EXPECT_EQ(log.verdict(Fail{{"odd"}, "given_up"}), Verdict::kIllegal);
  EXPECT_EQ(log.verdict(Decide{{"odd"}, Decision::kAbort, {}, "", ""}), Verdict::kNoEffect);
  // Before the decision an operator may abort; only the coordinator may commit.
  EXPECT_EQ(log.verdict(Decide{{"undecided"}, Decision::kCommit, {}, "", ""}), Verdict::kIllegal);
  EXPECT_EQ(log.verdict(Decide{{"undecided"}, Decision::kAbort, {}, "operator", ""}),
            Verdict::kApplied);
  log.add(Finish{{"failed"}, ""});
  log.add(Finish{{"undecided"}, ""});
  EXPECT_EQ(log.state("failed"), State::kFailed);
  EXPECT_EQ(log.machine.find({"failed"})->reason, "given_up");
  EXPECT_EQ(log.machine.find({"undecided"})->reason, "operator");
}

TEST(OrderMachine, ARepeatedSubmitFindsTheFirstUntilItsTimeIsOver) {
  Log log;
  const Submit again = submit_of("a", ShippingClass::kExpress, kNow + 1'000);
  log.add(again);
  EXPECT_EQ(log.verdict(again), Verdict::kKnown);
  log.add(Begin{{{"a"}}});
  log.add(Decide{{"a"}, Decision::kCommit, {}, "", ""});
  EXPECT_EQ(log.verdict(Retire{{{{"a"}, 0}}}), Verdict::kIllegal);
  log.add(Finish{{"a"}, ""});
  EXPECT_EQ(log.verdict(Retire{{{{"a"}, 0}}}), Verdict::kApplied);
  EXPECT_EQ(log.machine.order({"a"}), nullptr);
  EXPECT_EQ(log.verdict(again), Verdict::kKnown);
  EXPECT_EQ(log.state("a"), State::kCompleted);
  // accept_before itself is still in time; afterwards a Submit is too late and need not be known.
  log.add(Time{}, 1'000);
  EXPECT_EQ(log.machine.finished_kept(), 1u);
  log.add(Time{}, 1);
  EXPECT_EQ(log.machine.finished_kept(), 0u);
  EXPECT_EQ(log.verdict(submit_of("a", ShippingClass::kExpress, kNow + 1'000)), Verdict::kExpired);
}

// docs/adr/0006: the row of an approved order was given a new accept_before before it was submitted
// again, and that Submit may arrive when all is over.
TEST(OrderMachine, AFinishedOrderIsKnownUntilTheNewestAcceptBeforeOfItsRow) {
  Log log;
  log.add(submit_of("a", ShippingClass::kExpress, kNow + 1'000));
  log.add(Begin{{{"a"}}});
  log.add(Decide{{"a"}, Decision::kCommit, {}, "", ""});
  log.add(Finish{{"a"}, ""});
  EXPECT_EQ(log.verdict(Retire{{{{"a"}, kNow + 5'000}}}), Verdict::kApplied);
  log.add(Time{}, 4'999);
  EXPECT_EQ(log.verdict(submit_of("a", ShippingClass::kExpress, kNow + 5'000)), Verdict::kKnown);
  log.add(Time{}, 2);
  EXPECT_EQ(log.verdict(submit_of("a", ShippingClass::kExpress, kNow + 5'000)), Verdict::kExpired);
}

TEST(OrderMachine, ARepeatedSubmitWithALaterAcceptBeforeKeepsTheIdForLonger) {
  for (const bool live : {true, false}) {
    Log log;
    log.add(submit_of("a", ShippingClass::kExpress, kNow + 1'000));
    log.add(Cancel{{"a"}, ""});
    if (!live) log.add(Retire{{{{"a"}, 0}}});
    EXPECT_EQ(log.verdict(submit_of("a", ShippingClass::kExpress, kNow + 3'000)), Verdict::kKnown);
    EXPECT_EQ(log.machine.accept_before_ms({"a"}), kNow + 3'000);
    if (live) log.add(Retire{{{{"a"}, 0}}});
    log.add(Time{}, 3'000);
    EXPECT_EQ(log.state("a"), State::kCanceled);
    log.add(Time{}, 1);
    EXPECT_EQ(log.machine.finished_kept(), 0u);
  }
}

TEST(OrderMachine, ALateSubmitExpiresEvenWhenTheWallClockWentBack) {
  Log log;
  log.add(Time{}, 500);
  EXPECT_EQ(log.add(submit_of("a", ShippingClass::kStandard, kNow + 400), -500).verdict,
            Verdict::kExpired);
  EXPECT_EQ(log.machine.time_ms(), kNow + 500);
}

TEST(OrderMachine, TheQueueIsBounded) {
  Log log;
  Configure configure;
  configure.queue_capacity = 2;
  log.add(configure);
  log.add(submit_of("a"));
  log.add(submit_of("b"));
  EXPECT_EQ(log.verdict(submit_of("c")), Verdict::kQueueFull);
  EXPECT_EQ(log.verdict(submit_of("a")), Verdict::kKnown);
  log.add(Begin{{{"a"}}});
  EXPECT_EQ(log.verdict(submit_of("c")), Verdict::kApplied);
}

TEST(OrderMachine, ExecutingIsBounded) {
  Log log;
  for (int i = 0; i < 100; ++i) log.add(submit_of(std::to_string(i)));
  while (!log.machine.next_to_begin(kBatchMax).empty()) {
    log.add(Begin{log.machine.next_to_begin(kBatchMax)});
  }
  EXPECT_EQ(log.machine.executing().size(), 64u);
  EXPECT_EQ(log.verdict(Begin{{{"99"}}}), Verdict::kNoEffect);
  EXPECT_EQ(log.machine.waiting(), 36u);
}

// Offsets of Configure's default.
base::DurationMs offset_of(ShippingClass shipping_class) {
  return Configure{}.class_offset_ms[static_cast<int>(shipping_class)];
}

TEST(OrderMachine, OverAFloodEveryOrderIsServedWithinItsBound) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    base::SeededRandom random(seed);
    Log log;
    std::map<base::OrderId, uint64_t> ahead;  // of a waiting order: older ones when it entered
    uint64_t served = 0;
    std::map<base::OrderId, uint64_t> served_at_entry;
    for (int round = 0; round < 300; ++round) {
      // Far more comes in than goes out, mostly express.
      for (uint64_t i = random.below(4); i > 0; --i) {
        const std::string id = std::to_string(log.entries().size());
        const auto shipping_class =
            random.below(10) == 0 ? ShippingClass::kEconomy : ShippingClass::kExpress;
        ahead[{id}] = log.machine.waiting();
        served_at_entry[{id}] = served;
        log.add(submit_of(id, shipping_class, std::numeric_limits<int64_t>::max()),
                static_cast<base::DurationMs>(random.below(200)));
      }
      const auto next = log.machine.next_to_begin(1 + random.below(3));
      for (const auto& id : next) {
        // Every tenth dispatch takes the oldest, so it is served after ten times the older ones.
        EXPECT_LE(served - served_at_entry[id], 10 * (ahead[id] + 1)) << "seed " << seed;
        // It overtakes only what entered less than the offsets' difference before it, or is older.
        const Order& served_order = *log.machine.order(id);
        for (const auto& [other, order] : log.machine.orders()) {
          if (order.state != State::kAccepted || other == id) continue;
          if (served_order.accepted_index < order.accepted_index) continue;
          if (std::find(next.begin(), next.end(), other) != next.end()) continue;
          EXPECT_LE(served_order.changed_ms - order.changed_ms,
                    offset_of(order.shipping_class) - offset_of(served_order.shipping_class));
        }
        ++served;
      }
      log.add(Begin{next});
      for (const auto& id : next) {
        log.add(Decide{id, Decision::kCommit, {}, "", ""});
        log.add(Finish{id, ""});
        log.add(Retire{{{id, 0}}});
      }
    }
    ASSERT_GT(served, 100u);
  }
}

// Any entries in any order, most of them nonsense.
std::vector<Entry> random_entries(uint64_t seed) {
  base::SeededRandom random(seed);
  std::vector<Entry> entries;
  base::WallMs now_ms = kNow;
  for (int i = 0; i < 400; ++i) {
    const base::OrderId id{std::to_string(random.below(12))};
    now_ms += static_cast<base::WallMs>(random.below(100)) - 20;
    Command command;
    switch (random.below(12)) {
      case 0:
      case 1:
        command = submit_of(id.value, static_cast<ShippingClass>(random.below(3)),
                            now_ms + static_cast<base::WallMs>(random.below(3'000)) - 200);
        break;
      case 2:
        command = Begin{{id, {std::to_string(random.below(12))}}};
        break;
      case 3:
        command = Decide{id, Decision::kCommit, {}, "", "c"};
        break;
      case 4:
        command = Decide{id, Decision::kAbort, AbortScope::kBoth, "no", "d"};
        break;
      case 5:
        command = Finish{id, "e"};
        break;
      case 6:
        command = Park{id, static_cast<ParkKind>(1 + random.below(2)), "why", ""};
        break;
      case 7:
        command = Resume{id};
        break;
      case 8:
        command = Fail{id, "gone"};
        break;
      case 9:
        command = Cancel{id, "no more"};
        break;
      case 10:
        command = Retire{{{id, 0}}};
        break;
      default:
        command = Time{};
        break;
    }
    entries.push_back({now_ms, std::move(command)});
  }
  return entries;
}

TEST(OrderMachine, TheSameEntriesGiveTheSameStateAfterEveryOne) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto entries = random_entries(seed);
    OrderMachine first;
    OrderMachine second;
    uint64_t index = 0;
    uint64_t previous = 0;
    for (const Entry& entry : entries) {
      ++index;
      first.apply(index, entry);
      second.apply(index, *decode_entry(encode_entry(entry)));
      ASSERT_EQ(first.state_hash(), second.state_hash()) << "seed " << seed << " entry " << index;
      // The index is part of the state, so no entry leaves the hash where it was.
      ASSERT_NE(first.state_hash(), previous);
      previous = first.state_hash();
    }
  }
}

TEST(OrderMachine, WhateverTheEntriesMovesAreLegalAndTerminalIsForEver) {
  uint64_t terminal_seen = 0;
  for (uint64_t seed = 100; seed < 140; ++seed) {
    OrderMachine machine;
    std::map<base::OrderId, State> known;
    uint64_t index = 0;
    for (const Entry& entry : random_entries(seed)) {
      for (const Transition& transition : machine.apply(++index, entry).transitions) {
        const auto before = known.find(transition.id);
        const bool fresh = transition.from == State::kSubmitting;
        if (!fresh) {
          ASSERT_NE(before, known.end());
          ASSERT_EQ(before->second, transition.from);
        }
        ASSERT_TRUE(orders::legal_move(transition.from, transition.to));
        known[transition.id] = transition.to;
        terminal_seen += orders::terminal(transition.to) ? 1 : 0;
      }
      for (const auto& [id, order] : machine.orders()) ASSERT_EQ(known.at(id), order.state);
      ASSERT_LE(machine.executing().size() + machine.waiting(), machine.orders().size());
    }
  }
  EXPECT_GT(terminal_seen, 200u);
}

}  // namespace
}  // namespace bookstore::order_executor
