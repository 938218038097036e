// Snapshots: what they hold, where a crash may come, and what damage costs.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "order_executor/replica.h"
#include "order_executor/simulated_disk.h"

namespace bookstore::order_executor {
namespace {

constexpr base::WallMs kStart = 1'790'000'000'000;

// Entries that take orders through all their states, and some that are refused.
class Entries {
 public:
  explicit Entries(uint64_t seed) : random_(seed) {}

  Command next() {
    const base::OrderId id{absl::StrCat("order-", random_.below(submitted_ + 1))};
    const uint64_t kind = random_.below(16);
    if (kind < 5) return submit();
    if (kind < 8) return Begin{{id}};
    if (kind < 10) return decide(id);
    if (kind < 12) return Finish{id, "clock"};
    if (kind == 12) return Park{id, static_cast<ParkKind>(1 + random_.below(2)), "why", "clock"};
    if (kind == 13) return Resume{id};
    if (kind == 14) return random_.below(2) == 0 ? Command(Fail{id, "up"}) : Cancel{id, "no"};
    return Retire{{{id, kStart + static_cast<base::WallMs>(random_.below(4'000))}}};
  }
  base::WallMs time() { return kStart + (now_ms_ += static_cast<base::WallMs>(random_.below(30))); }

 private:
  Command submit() {
    Submit submit{{absl::StrCat("order-", submitted_++)}, {}, {"EUR", 100}, "token"};
    for (uint64_t i = random_.below(3) + 1; i > 0; --i) {
      submit.lines.push_back({absl::StrCat("book-", i), static_cast<uint32_t>(i)});
    }
    submit.shipping_class = static_cast<ShippingClass>(random_.below(3));
    submit.clock = std::string("c\0k", 3);
    submit.accept_before_ms = kStart + now_ms_ + 1'000;
    return submit;
  }
  Command decide(const base::OrderId& id) {
    return Decide{id, random_.below(2) == 0 ? Decision::kCommit : Decision::kAbort,
                  static_cast<AbortScope>(random_.below(3)), "reason", "clock"};
  }

  base::SeededRandom random_;
  uint64_t submitted_ = 0;
  base::WallMs now_ms_ = 0;
};

OrderMachine machine_after(uint64_t seed, uint64_t count) {
  Entries entries(seed);
  OrderMachine machine;
  for (uint64_t index = 1; index <= count; ++index) {
    const base::WallMs time_ms = entries.time();
    machine.apply(index, {time_ms, entries.next()});
  }
  return machine;
}

TEST(MachineSnapshot, RestoredItIsTheSameAndStaysTheSame) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Entries entries(seed);
    OrderMachine machine;
    for (uint64_t index = 1; index <= 60; ++index) {
      machine.apply(index, {entries.time(), entries.next()});
    }
    auto restored = OrderMachine::decode(machine.encode());
    ASSERT_TRUE(restored.has_value()) << seed;
    EXPECT_EQ(restored->encode(), machine.encode());
    EXPECT_EQ(restored->state_hash(), machine.state_hash());
    // What is not in the bytes but derived from them shows in what happens next.
    for (uint64_t index = 61; index <= 300; ++index) {
      const Entry entry{entries.time(), entries.next()};
      const Applied applied = machine.apply(index, entry);
      ASSERT_EQ(restored->apply(index, entry).verdict, applied.verdict) << seed << " " << index;
      ASSERT_EQ(restored->next_to_begin(8), machine.next_to_begin(8));
      ASSERT_EQ(restored->executing(), machine.executing());
    }
    EXPECT_EQ(restored->state_hash(), machine.state_hash()) << seed;
  }
}

TEST(MachineSnapshot, CutOrChangedBytesAreRefusedOrAreAnotherState) {
  base::SeededRandom random(1);
  uint64_t seed = 0;
  while (machine_after(seed, 120).finished_kept() < 2) ASSERT_LT(++seed, 1'000u);
  const OrderMachine machine = machine_after(seed, 120);
  ASSERT_GT(machine.orders().size(), 5u);
  const std::string bytes = machine.encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(OrderMachine::decode(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(OrderMachine::decode(bytes + '\0').has_value());
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = bytes;
    changed[random.below(changed.size())] = static_cast<char>(random.next());
    // Decoding never invents: what it accepts is what it would have written.
    const auto decoded = OrderMachine::decode(changed);
    if (decoded) {
      EXPECT_EQ(decoded->encode(), changed);
    }
  }
}

Replica::Config small() {
  Replica::Config config;
  config.wal.segment_size = 1'024;  // rolls often
  config.snapshot_every = 12;
  return config;
}

// One replica whose every entry is also kept here, so that its state can be known.
class Life {
 public:
  explicit Life(SimulatedDisk& disk) : disk_(disk) {}

  absl::Status start() {
    notes_.clear();
    replica_.reset();
    ++failed_starts_;
    BOOKSTORE_ASSIGN_OR_RETURN(replica_, Replica::start(disk_, small(), 0, notes_));
    --failed_starts_;
    return absl::OkStatus();
  }
  // False when the power went.
  bool commit(Entries& entries) {
    const base::WallMs time_ms = entries.time();
    std::vector<Command> batch = {entries.next(), entries.next()};
    uint64_t index = replica_->wal().last_index();
    for (const Command& command : batch) proposed_[++index] = {time_ms, command};
    if (!replica_->commit(std::move(batch), time_ms).ok()) return false;
    acknowledged_ = index;
    if (!replica_->wal().health().ok()) return false;
    return snapshot();
  }
  bool snapshot() {
    const auto work = replica_->snapshot_due();
    if (!work) return true;
    const auto result = Replica::write(disk_, *work);
    replica_->on_snapshot(*work, result);
    snapshots_ += result.saved.ok() ? 1 : 0;
    segments_removed_ += result.pruned.ok() ? work->segments.size() : 0;
    return result.saved.ok() && result.pruned.ok();
  }
  // The state is exactly that of the entries up to where the start found them. A start that failed
  // may have left its own entry behind those.
  void check_start() {
    const uint64_t last = replica_->machine().applied_index();
    ASSERT_GE(last, acknowledged_ + 1) << "an acknowledged entry is lost";
    std::vector<uint64_t> hashes;
    for (uint64_t own = 1; own <= failed_starts_ + 1 && own <= last - acknowledged_; ++own) {
      for (uint64_t index = last - own + 1; index <= last; ++index) {
        proposed_[index] = {0, index == 1 ? Command(small().queue) : Command(Time{})};
      }
      OrderMachine expected;
      for (uint64_t index = 1; index <= last; ++index) expected.apply(index, proposed_[index]);
      hashes.push_back(expected.state_hash());
      if (hashes.back() == replica_->machine().state_hash()) break;
    }
    ASSERT_EQ(replica_->machine().state_hash(), hashes.back());
    proposed_.erase(proposed_.upper_bound(last), proposed_.end());
    acknowledged_ = last;
    failed_starts_ = 0;
  }

  Replica& replica() { return *replica_; }
  const std::vector<std::string>& notes() const { return notes_; }
  int snapshots() const { return snapshots_; }
  size_t segments_removed() const { return segments_removed_; }

 private:
  SimulatedDisk& disk_;
  std::unique_ptr<Replica> replica_;
  std::vector<std::string> notes_;
  std::map<uint64_t, Entry> proposed_;
  uint64_t acknowledged_ = 0;
  uint64_t failed_starts_ = 0;
  int snapshots_ = 0;
  size_t segments_removed_ = 0;
};

std::vector<std::string> names(SimulatedDisk& disk, std::string_view what) {
  std::vector<std::string> found;
  const std::vector<std::string> all = disk.list().value();
  for (const std::string& name : all) {
    if (name.find(what) != std::string::npos) found.push_back(name);
  }
  return found;
}

TEST(Snapshot, TheLogIsTruncatedAndAStartHasTheSameState) {
  SimulatedDisk disk(1);
  Life life(disk);
  ASSERT_TRUE(life.start().ok());
  life.check_start();
  Entries entries(1);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(life.commit(entries));
  EXPECT_GT(life.snapshots(), 20);
  EXPECT_GT(life.segments_removed(), 10u);
  EXPECT_LT(names(disk, "wal-").size(), 6u);
  EXPECT_EQ(names(disk, "snapshot-").size(), 2u);
  disk.power_loss();
  ASSERT_TRUE(life.start().ok());
  life.check_start();
  EXPECT_TRUE(life.notes().empty());
  EXPECT_EQ(life.replica().term(), 2u) << "the term outlives the segments that began with it";
}

// The crash comes at every operation on the disk, of the log, of a snapshot, of a removal, of the
// next start.
TEST(Snapshot, WhereverThePowerGoesNothingIsLost) {
  int snapshots = 0;
  size_t removed = 0;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t crash_at = 0;; ++crash_at) {
      SimulatedDisk disk(seed * 1'000 + crash_at);
      Life life(disk);
      Entries entries(seed);
      bool crashed = false;
      disk.die_after(crash_at);
      if (!life.start().ok()) {
        crashed = true;
      } else {
        life.check_start();
        for (int i = 0; i < 40 && !crashed; ++i) crashed = !life.commit(entries);
      }
      ASSERT_EQ(crashed, disk.died()) << "crash at " << crash_at;
      if (!crashed) break;
      disk.power_loss();
      disk.die_after(crash_at % 23);  // and once more while the log is read or soon after
      if (life.start().ok()) {
        life.check_start();
        while (life.commit(entries)) {
        }
      }
      ASSERT_TRUE(disk.died());
      disk.power_loss();
      const absl::Status started = life.start();
      ASSERT_TRUE(started.ok()) << started << " seed " << seed << " crash at " << crash_at;
      life.check_start();
      if (HasFatalFailure()) FAIL() << "seed " << seed << " crash at " << crash_at;
      snapshots += life.snapshots();
      removed += life.segments_removed();
    }
  }
  EXPECT_GT(snapshots, 500);
  EXPECT_GT(removed, 300u);
}

class DamagedSnapshot : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(life_.start().ok());
    life_.check_start();
    Entries entries(7);
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(life_.commit(entries));
    disk_.power_loss();
    files_ = names(disk_, "snapshot-");
    ASSERT_EQ(files_.size(), 2u);
  }
  void damage(const std::string& name, base::Random& random) {
    disk_.flip(name, random.below(disk_.contents(name).size()));
  }

  SimulatedDisk disk_{7};
  Life life_{disk_};
  std::vector<std::string> files_;
};

TEST_F(DamagedSnapshot, TheOneBeforeAndTheLogHaveTheSame) {
  base::SeededRandom random(1);
  damage(files_[1], random);
  ASSERT_TRUE(life_.start().ok());
  life_.check_start();
  ASSERT_EQ(life_.notes().size(), 1u);
  EXPECT_NE(life_.notes()[0].find(files_[1]), std::string::npos);
  EXPECT_EQ(names(disk_, ".damaged").size(), 1u);
  // It goes on as if the damaged one had never been.
  Entries entries(8);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(life_.commit(entries));
  disk_.power_loss();
  ASSERT_TRUE(life_.start().ok());
  life_.check_start();
  EXPECT_TRUE(life_.notes().empty());
}

TEST_F(DamagedSnapshot, WhereTheLogDoesNotReachBackTheStartIsRefusedAndNothingTouched) {
  base::SeededRandom random(2);
  for (const std::string& name : files_) damage(name, random);
  const auto before = disk_.list().value();
  const absl::Status started = life_.start();
  EXPECT_EQ(started.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(started.message().find("no snapshot that can be read"), std::string::npos) << started;
  EXPECT_EQ(disk_.list().value(), before);
  EXPECT_EQ(life_.start().code(), absl::StatusCode::kDataLoss) << "and again";
}

TEST_F(DamagedSnapshot, AnOlderSnapshotThatTheLogDoesNotReachIsNoHelp) {
  ASSERT_TRUE(disk_.remove(names(disk_, "wal-")[0]).ok());
  base::SeededRandom random(3);
  damage(files_[1], random);
  EXPECT_EQ(life_.start().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DamagedSnapshot, ASnapshotWithoutItsLogIsRefused) {
  for (const std::string& name : names(disk_, "wal-")) ASSERT_TRUE(disk_.remove(name).ok());
  EXPECT_EQ(life_.start().code(), absl::StatusCode::kDataLoss);
}

TEST(Snapshot, OneThatCannotBeWrittenCostsNothingButItself) {
  SimulatedDisk disk(5);
  Life life(disk);
  ASSERT_TRUE(life.start().ok());
  auto work = Replica::SnapshotWork{
      {life.replica().machine().applied_index(), 1, life.replica().machine().encode()}, {}};
  disk.set_full(true);
  EXPECT_FALSE(Replica::write(disk, work).saved.ok());
  EXPECT_TRUE(names(disk, "snapshot-").empty()) << "what was begun is removed";
  disk.set_full(false);
  EXPECT_TRUE(Replica::write(disk, work).saved.ok());
}

// Not a benchmark: it prints what a snapshot of a full queue costs, and fails only when that is
// out of all proportion.
TEST(Snapshot, AFullQueueIsEncodedBetweenTwoTurns) {
  OrderMachine machine;
  for (uint64_t index = 1; index <= 100'000; ++index) {
    Submit submit{{absl::StrCat("ord_0000000000000000000", 1'000'000 + index)},
                  {{"bk-0001", 1}, {"bk-0002", 2}},
                  {"EUR", 4'200},
                  std::string(40, 't'),
                  ShippingClass::kStandard,
                  std::string(60, 'c'),
                  kStart + 120'000};
    machine.apply(index, {kStart, std::move(submit)});
  }
  ASSERT_EQ(machine.waiting(), 100'000u);
  const auto begun = std::chrono::steady_clock::now();
  const std::string bytes = machine.encode();
  const auto encoded = std::chrono::steady_clock::now();
  const auto restored = OrderMachine::decode(bytes);
  const auto decoded = std::chrono::steady_clock::now();
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->state_hash(), machine.state_hash());
  const auto ms = [](auto duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  };
  std::printf("100000 waiting orders: %zu bytes, encoded in %lld ms, restored in %lld ms\n",
              bytes.size(), static_cast<long long>(ms(encoded - begun)),
              static_cast<long long>(ms(decoded - encoded)));
  EXPECT_LT(bytes.size(), 40u << 20);
  EXPECT_LT(encoded - begun, std::chrono::seconds(5));
}

}  // namespace
}  // namespace bookstore::order_executor
