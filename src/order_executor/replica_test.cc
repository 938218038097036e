// The executor on a disk that forgets, with participants that come and go: whatever happens, an
// accepted order is executed exactly once.
#include "order_executor/replica.h"

#include <gtest/gtest.h>

#include <deque>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "order_executor/fake_participants.h"
#include "order_executor/simulated_disk.h"

namespace bookstore::order_executor {
namespace {

constexpr base::WallMs kStart = 1'790'000'000'000;

Replica::Config small() {
  Replica::Config config;
  config.wal.segment_size = 2'048;  // rolls often
  config.snapshot_every = 30;
  return config;
}

// Shoppers, participants, a projection and one machine that loses power now and then.
class World {
 public:
  explicit World(uint64_t seed)
      : random_(seed), disk_(seed), participants_({{"rare", 5}, {"common", 10'000}}) {}

  // Power, if it was lost, is back. False when it is lost again while the log is read.
  bool boot() {
    if (disk_.died()) disk_.power_loss();
    calls_.clear();
    std::vector<std::string> notes;
    auto started = Replica::start(disk_, small(), kStart + now_ms_, notes);
    if (!started.ok()) {
      EXPECT_TRUE(disk_.died()) << started.status();
      return false;
    }
    replica_ = std::move(*started);
    check_promises();
    // A new leader projects what is not retired.
    for (const auto& [id, order] : replica_->machine().orders()) project(id, order.state);
    return true;
  }

  void lose_power_after(uint64_t operations) { disk_.die_after(operations); }
  bool powered() const { return !disk_.died(); }
  void shop(uint64_t orders) {
    for (uint64_t i = 0; i < orders; ++i) {
      Submit submit{{absl::StrCat("order-", ++shopped_)}, {}, {"EUR", 500}, "good"};
      const char* books[] = {"rare", "common"};
      const char* tokens[] = {"good", "declined", "pending", "no_capture"};
      submit.lines.push_back(
          {books[random_.below(2)], static_cast<uint32_t>(1 + random_.below(2))});
      submit.card_token = tokens[random_.below(4)];
      submit.shipping_class = static_cast<ShippingClass>(random_.below(3));
      submit.accept_before_ms = kStart + now_ms_ + 120'000;
      inbox_.push_back(std::move(submit));
    }
  }
  // Commits, sends, answers: one turn of the node's loop. False when the power went.
  bool turn(bool participants_well) {
    now_ms_ += static_cast<base::DurationMs>(random_.below(300));
    std::vector<Command> batch = std::exchange(inbox_, {});
    Duties duties = replica_->step(now_ms_);
    std::move(duties.proposals.begin(), duties.proposals.end(), std::back_inserter(batch));
    for (const Send& send : duties.sends) calls_.push_back(send);
    if (!batch.empty()) {
      const auto committed = replica_->commit(std::move(batch), kStart + now_ms_);
      if (!committed.ok()) return false;
      for (const Committed& entry : *committed) observe(entry);
    }
    if (const auto work = replica_->snapshot_due()) {
      const auto result = Replica::write(disk_, *work);
      replica_->on_snapshot(*work, result);
      if (!result.saved.ok() || !result.pruned.ok()) return false;
    }
    answer(participants_well);
    EXPECT_EQ(participants_.audit(), "");
    return true;
  }

  bool at_rest() const {
    return inbox_.empty() && calls_.empty() && replica_->machine().waiting() == 0 &&
           replica_->machine().executing().empty();
  }

  void settle_payments() { participants_.settle(); }
  Replica& replica() { return *replica_; }
  const FakeParticipants& participants() const { return participants_; }
  size_t promised() const { return promised_.size(); }
  size_t boots_with_orders() const { return boots_with_orders_; }

  // Everything promised is terminal or parked, and what happened at the participants agrees.
  void check_rest() {
    std::map<State, int> ends;
    for (const base::OrderId& id : promised_) {
      const auto row = rows_.find(id);
      ASSERT_NE(row, rows_.end()) << id.value;
      const State state = row->second;
      ASSERT_TRUE(orders::terminal(state) || state == State::kNeedsAttention) << id.value;
      const int captures = effects("capture ", id);
      EXPECT_EQ(captures, state == State::kCompleted ? 1 : 0) << id.value;
      EXPECT_EQ(effects("consume ", id), captures) << id.value;
      if (state == State::kFailed) {
        EXPECT_EQ(effects("authorise ", id), effects("void ", id)) << id.value;
      }
      ++ends[state];
    }
    EXPECT_EQ(participants_.audit(), "");
  }

 private:
  int effects(const std::string& what, const base::OrderId& id) const {
    const auto found = participants_.effects().find(what + id.value);
    return found == participants_.effects().end() ? 0 : found->second;
  }

  void observe(const Committed& committed) {
    if (const auto* submit = std::get_if<Submit>(&committed.entry.command)) {
      // This is where a shopper would be told 202.
      if (committed.applied.verdict == Verdict::kApplied) promised_.insert(submit->id);
    }
    for (const Transition& transition : committed.applied.transitions) {
      project(transition.id, transition.to);
    }
  }

  // The projection's rows: a terminal state is never left, whatever a new leader projects again.
  void project(const base::OrderId& id, State state) {
    const auto [row, fresh] = rows_.try_emplace(id, state);
    if (!fresh && orders::terminal(row->second)) {
      EXPECT_EQ(row->second, state) << id.value << " left its terminal state";
    }
    row->second = state;
    if (orders::terminal(state)) replica_->on_projected({{id, 0}});
  }

  void check_promises() {
    for (const base::OrderId& id : promised_) {
      const auto known = replica_->machine().find(id);
      const auto row = rows_.find(id);
      // Retired and forgotten orders live on in their terminal rows.
      const bool done = row != rows_.end() && orders::terminal(row->second);
      ASSERT_TRUE(known.has_value() || done) << "lost: " << id.value;
    }
    boots_with_orders_ += replica_->machine().orders().empty() ? 0 : 1;
  }

  // Every call under way arrives, or is lost, or takes effect and its answer is lost.
  void answer(bool well) {
    for (const Send& send : std::exchange(calls_, {})) {
      const uint64_t luck = well ? 0 : random_.below(4);
      if (luck == 3) {
        replica_->on_unavailable(send, now_ms_);
        continue;
      }
      std::vector<Answer> answers = participants_.call(send, replica_->machine(), replica_->term());
      if (luck == 2) {
        replica_->on_unavailable(send, now_ms_);
      } else {
        replica_->on_answers(send, answers, now_ms_);
      }
    }
  }

  base::SeededRandom random_;
  SimulatedDisk disk_;
  FakeParticipants participants_;
  std::unique_ptr<Replica> replica_;
  base::DurationMs now_ms_ = 0;
  uint64_t shopped_ = 0;
  std::vector<Command> inbox_;
  std::deque<Send> calls_;
  std::set<base::OrderId> promised_;
  std::map<base::OrderId, State> rows_;
  size_t boots_with_orders_ = 0;
};

void run_to_rest(World& world) {
  for (int turn = 0; turn < 2'000; ++turn) {
    if (!world.turn(true)) FAIL() << "power was not to be lost any more";
    if (world.at_rest()) return;
  }
  FAIL() << "never at rest";
}

TEST(Replica, NoPromisedOrderIsLostOrDoneTwiceWhereverThePowerGoes) {
  size_t promised = 0;
  size_t boots_with_orders = 0;
  for (uint64_t crash_at = 0; crash_at < 80; ++crash_at) {
    World world(crash_at);
    base::SeededRandom random(crash_at);
    world.lose_power_after(crash_at);
    for (int life = 0; life < 6; ++life) {
      if (!world.boot()) {
        continue;
      }
      for (int turn = 0; turn < 25; ++turn) {
        world.shop(random.below(3));
        if (!world.turn(false)) break;
      }
      if (world.powered()) world.lose_power_after(random.below(60));
    }
    // From here on all is well.
    world.settle_payments();
    bool booted = world.boot();
    // At most once more: the power that goes in this start was to go before.
    if (!booted) booted = world.boot();
    ASSERT_TRUE(booted && world.powered()) << "crash at " << crash_at;
    world.lose_power_after(UINT32_MAX);
    run_to_rest(world);
    world.check_rest();
    promised += world.promised();
    boots_with_orders += world.boots_with_orders();
    if (HasFatalFailure() || HasFailure()) FAIL() << "crash at " << crash_at;
  }
  EXPECT_GT(promised, 1'500u);
  EXPECT_GT(boots_with_orders, 150u);
}

TEST(Replica, ARestartHasTheStateOfTheProcessBeforeIt) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SimulatedDisk disk(seed);
    base::SeededRandom random(seed);
    std::vector<std::string> notes;
    auto replica = Replica::start(disk, small(), kStart, notes);
    ASSERT_TRUE(replica.ok());
    for (int i = 0; i < 50; ++i) {
      const base::OrderId id{absl::StrCat(i)};
      const base::WallMs now_ms = kStart + i;
      std::vector<Command> batch = {Submit{
          id, {{"book", 1}}, {"EUR", 100}, "good", ShippingClass::kExpress, "", now_ms + 50}};
      if (random.below(2) == 0) batch.push_back(Begin{{id}});
      if (random.below(2) == 0) batch.push_back(Decide{id, Decision::kAbort, {}, "no", ""});
      if (random.below(2) == 0) batch.push_back(Finish{id, ""});
      if (random.below(2) == 0) batch.push_back(Retire{{{id, 0}}});
      ASSERT_TRUE((*replica)->commit(std::move(batch), now_ms).ok());
    }
    // The process before wrote its own entry; the same log must give the same state up to there.
    const uint64_t hash = (*replica)->machine().state_hash();
    const uint64_t term = (*replica)->term();
    replica->reset();
    disk.power_loss();
    OrderMachine replayed;
    Wal::Recovered recovered;
    ASSERT_TRUE(Wal::open(
                    disk, small().wal,
                    [&](const LogEntry& record) {
                      replayed.apply(record.index, *decode_entry(record.payload));
                    },
                    recovered)
                    .ok());
    EXPECT_EQ(replayed.state_hash(), hash);
    auto restarted = Replica::start(disk, small(), kStart, notes);
    ASSERT_TRUE(restarted.ok());
    EXPECT_EQ((*restarted)->term(), term + 1);
  }
}

TEST(Replica, TheTermOfABatchThatHadToBeCutIsNeverUsedAgain) {
  for (const bool dies_after_the_cut : {false, true}) {
    SimulatedDisk disk(1);
    std::vector<std::string> notes;
    ASSERT_TRUE(Replica::start(disk, small(), kStart, notes).ok());
    const uint64_t term = Replica::start(disk, small(), kStart, notes).value()->term();
    const std::string name = segment_name(1);
    disk.flip(name, disk.contents(name).find_last_not_of('\0'));
    if (dies_after_the_cut) {
      Wal::Recovered recovered;
      ASSERT_TRUE(Wal::open(
                      disk, small().wal, [](const LogEntry&) {}, recovered)
                      .ok());
      ASSERT_EQ(recovered.hard_state.term, term - 1);
    }
    EXPECT_GT(Replica::start(disk, small(), kStart, notes).value()->term(), term);
  }
}

TEST(Replica, AnEntryOfALaterVersionStopsTheStart) {
  SimulatedDisk disk(1);
  std::vector<std::string> notes;
  {
    Wal::Recovered recovered;
    auto wal = Wal::open(
        disk, {}, [](const LogEntry&) {}, recovered);
    ASSERT_TRUE((*wal)->append(std::nullopt, {{1, 1, "from the future"}}).ok());
  }
  const auto replica = Replica::start(disk, {}, kStart, notes);
  EXPECT_EQ(replica.status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace bookstore::order_executor
