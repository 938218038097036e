#include "order_executor/projector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>

namespace bookstore::order_executor {
namespace {

// A table that may be away, and who hears what is durable.
class Rows {
 public:
  Projector::Write write() {
    return [this](const std::vector<orders::Transition>& batch,
                  base::Deadline) -> absl::StatusOr<orders::ProjectionReport> {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
      ++writes_;
      if (failures_left_ > 0) {
        --failures_left_;
        return absl::UnavailableError("the database is away");
      }
      largest_ = std::max(largest_, batch.size());
      for (const auto& transition : batch) rows_[transition.order_id.value] = transition;
      orders::ProjectionReport report;
      report.applied = batch.size();
      for (const auto& transition : batch) {
        if (!orders::terminal(transition.state)) continue;
        if (transition.order_id.value == "refused") continue;
        report.settled.push_back(
            {transition.order_id, static_cast<base::WallMs>(transition.index)});
      }
      return report;
    };
  }
  Projector::OnDurable on_durable() {
    return [this](const std::vector<RetiredOrder>& orders) {
      const std::lock_guard lock(mutex_);
      for (const auto& order : orders) {
        durable_.push_back(order.id.value);
        accept_before_[order.id.value] = order.accept_before_ms;
      }
      changed_.notify_all();
    };
  }
  void fail(int times) {
    const std::lock_guard lock(mutex_);
    failures_left_ = times;
  }
  bool wait_durable(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return durable_.size() >= count; });
  }
  bool wait_writes(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return writes_ >= count; });
  }
  State state(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return rows_.at(id).state;
  }
  std::vector<std::string> durable() {
    const std::lock_guard lock(mutex_);
    return durable_;
  }
  base::WallMs accept_before(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return accept_before_.at(id);
  }
  size_t largest() {
    const std::lock_guard lock(mutex_);
    return largest_;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<std::string, orders::Transition> rows_;
  std::vector<std::string> durable_;
  std::map<std::string, base::WallMs> accept_before_;
  size_t largest_ = 0;
  int writes_ = 0;
  int failures_left_ = 0;
};

std::vector<Transition> moved(const std::string& id, State to, uint64_t index) {
  Transition transition;
  transition.id = {id};
  transition.to = to;
  transition.index = index;
  return {transition};
}

TEST(Projector, OnlyTerminalStatesMayBeRetired) {
  Rows rows;
  base::SystemClock clock;
  Projector projector({.linger_ms = 1}, rows.write(), clock);
  projector.start(rows.on_durable());
  projector.add(moved("parked", State::kNeedsAttention, 1));
  projector.add(moved("done", State::kCompleted, 2));
  projector.add(moved("gone", State::kCanceled, 3));
  ASSERT_TRUE(rows.wait_durable(2));
  projector.stop();
  EXPECT_EQ(rows.durable(), (std::vector<std::string>{"done", "gone"}));
}

TEST(Projector, AnOrderIsRetiredOnlyWithWhatItsRowSays) {
  Rows rows;
  base::SystemClock clock;
  Projector projector({.linger_ms = 1}, rows.write(), clock);
  projector.start(rows.on_durable());
  projector.add(moved("refused", State::kCompleted, 1));  // its row says something else
  projector.add(moved("done", State::kCompleted, 77));
  ASSERT_TRUE(rows.wait_durable(1));
  projector.stop();
  EXPECT_EQ(rows.durable(), std::vector<std::string>{"done"});
  EXPECT_EQ(rows.accept_before("done"), 77);
}

TEST(Projector, TheNewestOfAnOrderCountsAlsoWhenTheDatabaseComesBackLate) {
  Rows rows;
  rows.fail(2);
  base::SystemClock clock;
  Projector projector({.linger_ms = 1, .retry_min_ms = 1}, rows.write(), clock);
  projector.add(moved("a", State::kAccepted, 1));
  projector.start(rows.on_durable());
  ASSERT_TRUE(rows.wait_writes(1));
  projector.add(moved("a", State::kCompleted, 9));
  ASSERT_TRUE(rows.wait_durable(1));
  EXPECT_EQ(rows.state("a"), State::kCompleted);
  EXPECT_EQ(projector.counters().failures, 2u);
  EXPECT_EQ(projector.counters().waiting, 0u);
}

TEST(Projector, ManyTransitionsGoInBoundedBatches) {
  Rows rows;
  base::SystemClock clock;
  Projector projector({}, rows.write(), clock);
  for (int i = 0; i < 200; ++i) {
    projector.add(moved(std::to_string(i), State::kFailed, 1 + static_cast<uint64_t>(i)));
  }
  projector.start(rows.on_durable());
  ASSERT_TRUE(rows.wait_durable(200));
  EXPECT_EQ(rows.largest(), orders::Store::kBatchMax);
  EXPECT_LE(projector.counters().batches, 8u);
}

TEST(Projector, StopsWhileTheDatabaseIsAway) {
  Rows rows;
  rows.fail(1'000'000);
  base::SystemClock clock;
  Projector projector({.linger_ms = 1, .retry_min_ms = 60'000, .retry_max_ms = 60'000},
                      rows.write(), clock);
  projector.start(rows.on_durable());
  projector.add(moved("a", State::kCompleted, 1));
  ASSERT_TRUE(rows.wait_writes(1));
  projector.stop();
  EXPECT_TRUE(rows.durable().empty());
}

}  // namespace
}  // namespace bookstore::order_executor
