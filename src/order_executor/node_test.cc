// The node as its service sees it, with participants in memory and a simulated disk.
#include "order_executor/node.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "absl/strings/str_cat.h"
#include "order_executor/simulated_disk.h"

namespace bookstore::order_executor {
namespace {

using causality::VectorClock;

constexpr auto kPatience = std::chrono::seconds(20);

// Answers at once, on the caller's thread, and keeps what it was sent.
class InstantParticipants final : public Participants {
 public:
  void call(const OutgoingCall& call, Done done) override {
    if (away_.load()) return done(absl::UnavailableError("away"));
    std::vector<ClockedAnswer> answers;
    for (const OutgoingOrder& order : call.orders) {
      auto clock = VectorClock::decode(order.clock);
      EXPECT_TRUE(clock.has_value());
      const bool payment = call.participant == Participant::kPayment;
      EXPECT_TRUE(clock->tick(payment ? "payment" : "inventory"));
      answers.push_back({{order.id, state_of(call, order), "card_declined"}, clock->encode()});
    }
    highest_fence_ = call.fence;
    done(std::move(answers));
  }
  void set_away(bool away) { away_ = away; }
  void set_fenced(bool fenced) { fenced_ = fenced; }
  void set_contradicting(bool contradicting) { contradicting_ = contradicting; }
  uint64_t highest_fence() const { return highest_fence_; }

 private:
  ParticipantState state_of(const OutgoingCall& call, const OutgoingOrder& order) const {
    if (fenced_.load()) return ParticipantState::kStaleFence;
    if (contradicting_.load()) return ParticipantState::kContradiction;
    switch (call.call) {
      case Call::kPrepare:
        return call.participant == Participant::kPayment && order.card_token == "declined"
                   ? ParticipantState::kRefused
                   : ParticipantState::kPrepared;
      case Call::kCommit:
        return ParticipantState::kCommitted;
      case Call::kAbort:
        return ParticipantState::kAborted;
    }
    return ParticipantState::kPending;
  }

  std::atomic<bool> away_ = false;
  std::atomic<bool> fenced_ = false;
  std::atomic<bool> contradicting_ = false;
  std::atomic<uint64_t> highest_fence_ = 0;
};

// Keeps its disk when the node restarts.
class SharedDisk final : public Disk {
 public:
  explicit SharedDisk(std::shared_ptr<SimulatedDisk> disk) : disk_(std::move(disk)) {}
  absl::StatusOr<std::vector<std::string>> list() override { return disk_->list(); }
  absl::StatusOr<std::unique_ptr<DiskFile>> create(const std::string& name) override {
    return disk_->create(name);
  }
  absl::StatusOr<std::unique_ptr<DiskFile>> open(const std::string& name) override {
    return disk_->open(name);
  }
  absl::Status rename(const std::string& from, const std::string& to) override {
    return disk_->rename(from, to);
  }
  absl::Status remove(const std::string& name) override { return disk_->remove(name); }
  absl::Status sync_directory() override { return disk_->sync_directory(); }

 private:
  const std::shared_ptr<SimulatedDisk> disk_;
};

class NodeTest : public testing::Test {
 protected:
  void start() {
    config_.replica.wal.segment_size = 1 << 16;
    node_ =
        std::make_unique<Node>(config_, std::make_unique<SharedDisk>(disk_), participants_, clock_);
    std::vector<std::string> notes;
    const auto started = node_->start(
        [this](const std::vector<Transition>& transitions) { on_transitions(transitions); },
        [this](const std::string& reason) { fatal_.set_value(reason); }, notes);
    ASSERT_TRUE(started.ok()) << started;
    node_->database_time(clock_.wall_ms(), clock_.wall_ms());
  }

  Submit order(const std::string& id, const std::string& token = "good") {
    VectorClock clock;
    EXPECT_TRUE(clock.tick("orchestrator-1"));
    return {{id},
            {{"book", 1}},
            {"EUR", 100},
            token,
            ShippingClass::kExpress,
            clock.encode(),
            clock_.wall_ms() + 120'000};
  }

  absl::StatusOr<Node::Submitted> submit(Submit submit) {
    auto answer = std::make_shared<std::promise<absl::StatusOr<Node::Submitted>>>();
    auto future = answer->get_future();
    node_->submit(std::move(submit),
                  [answer](auto result) { answer->set_value(std::move(result)); });
    EXPECT_EQ(future.wait_for(kPatience), std::future_status::ready);
    return future.get();
  }

  Node::AdminAnswer abort(const std::string& id) { return ask(&Node::abort, id); }
  Node::AdminAnswer retry(const std::string& id) { return ask(&Node::retry, id); }
  Node::AdminAnswer ask(void (Node::*method)(base::OrderId, Node::AdminDone),
                        const std::string& id) {
    auto answer = std::make_shared<std::promise<Node::AdminAnswer>>();
    auto future = answer->get_future();
    ((*node_).*method)({id}, [answer](auto result) { answer->set_value(result.value()); });
    EXPECT_EQ(future.wait_for(kPatience), std::future_status::ready);
    return future.get();
  }

  std::future<absl::StatusOr<TransitionHistory::Page>> watch(uint64_t after,
                                                             base::DurationMs max_wait_ms) {
    auto answer = std::make_shared<std::promise<absl::StatusOr<TransitionHistory::Page>>>();
    auto future = answer->get_future();
    node_->watch(after, max_wait_ms, [answer](auto page) { answer->set_value(std::move(page)); });
    return future;
  }

  // Until the order is in that state, told by watching.
  bool reaches(const std::string& id, State state) {
    uint64_t after = 1;
    for (int page_count = 0; page_count < 100; ++page_count) {
      auto page = watch(after, 10'000);
      if (page.wait_for(kPatience) != std::future_status::ready) return false;
      const auto got = page.get();
      if (!got.ok() || got->gap) return false;
      for (const Transition& transition : got->transitions) {
        if (transition.id.value == id && transition.to == state) return true;
      }
      after = got->next;
    }
    return false;
  }

  // As the projector would, with a database that is always there.
  void on_transitions(const std::vector<Transition>& transitions) {
    std::vector<RetiredOrder> done;
    const std::lock_guard lock(mutex_);
    for (const Transition& transition : transitions) {
      last_[transition.id.value] = transition;
      if (orders::terminal(transition.to)) done.push_back({transition.id, 0});
    }
    if (!done.empty()) node_->projected(done);
  }
  std::map<std::string, Transition> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  Node::Config config_;
  base::SystemClock clock_;
  std::shared_ptr<SimulatedDisk> disk_ = std::make_shared<SimulatedDisk>(1);
  InstantParticipants participants_;
  std::mutex mutex_;  // guards last_
  std::map<std::string, Transition> last_;
  std::promise<std::string> fatal_;
  std::unique_ptr<Node> node_;
};

TEST_F(NodeTest, AnAcceptedOrderIsExecutedToItsEnd) {
  start();
  const auto submitted = submit(order("a"));
  ASSERT_TRUE(submitted.ok());
  EXPECT_EQ(submitted->outcome, Node::Outcome::kAccepted);
  EXPECT_EQ(submitted->known.state, State::kAccepted);
  EXPECT_TRUE(reaches("a", State::kCompleted));
  EXPECT_EQ(submit(order("a"))->outcome, Node::Outcome::kKnown);
  EXPECT_EQ(submit(order("a"))->known.state, State::kCompleted);
  ASSERT_EQ(submit(order("b", "declined"))->outcome, Node::Outcome::kAccepted);
  EXPECT_TRUE(reaches("b", State::kFailed));
  node_->stop();
  EXPECT_EQ(last()["b"].reason, "card_declined");
  EXPECT_EQ(node_->snapshot().illegal, 0u);
  EXPECT_EQ(node_->snapshot().clocks_lost, 0u);
}

TEST_F(NodeTest, TheClocksOfAnOrderAreOneHistory) {
  start();
  const auto submitted = submit(order("a"));
  const auto reply = VectorClock::decode(submitted->clock);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->at("orchestrator-1"), 1u);
  EXPECT_EQ(reply->at("executor-1.1"), 3u);  // recv Submit, accepted, send Submit reply
  ASSERT_TRUE(reaches("a", State::kCompleted));
  node_->stop();
  const auto end = VectorClock::decode(last()["a"].clock);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(reply->covered_by(*end));
  EXPECT_EQ(end->at("inventory"), 2u);
  EXPECT_EQ(end->at("payment"), 2u);
  // executing; four calls sent and received; decide COMMIT; completed
  EXPECT_EQ(end->at("executor-1.1"), 3u + 1 + 8 + 1 + 1);
}

TEST_F(NodeTest, AnOperatorCancelsAWaitingOrderAndIsToldWhatNobodyCanUndo) {
  using Outcome = Node::AdminAnswer::Outcome;
  start();
  ASSERT_TRUE(submit(order("done")).ok());
  ASSERT_TRUE(reaches("done", State::kCompleted));
  EXPECT_EQ(abort("done").refusal.code, "finished");
  EXPECT_EQ(abort("nobody").outcome, Outcome::kUnknownOrder);
  participants_.set_away(true);
  // One goes ahead to see; the next waits until it is back.
  ASSERT_TRUE(submit(order("first")).ok());
  ASSERT_TRUE(reaches("first", State::kExecuting));
  ASSERT_TRUE(submit(order("second")).ok());
  const auto canceled = abort("second");
  EXPECT_EQ(canceled.outcome, Outcome::kDone);
  EXPECT_EQ(canceled.known.state, State::kCanceled);
  const auto aborted = abort("first");
  EXPECT_EQ(aborted.outcome, Outcome::kDone);
  EXPECT_EQ(aborted.known.state, State::kExecuting) << "it is still to be undone";
  EXPECT_EQ(abort("first").refusal.code, "decided_abort");
  participants_.set_away(false);
  EXPECT_TRUE(reaches("first", State::kFailed));
  node_->stop();
  EXPECT_EQ(last()["first"].reason, "aborted_by_operator");
  EXPECT_EQ(last()["second"].reason, "canceled_by_operator");
  EXPECT_EQ(node_->snapshot().illegal, 0u);
}

TEST_F(NodeTest, ARetriedOrderGoesOnFromWhereItWasParked) {
  using Outcome = Node::AdminAnswer::Outcome;
  participants_.set_contradicting(true);
  start();
  ASSERT_TRUE(submit(order("a")).ok());
  ASSERT_TRUE(reaches("a", State::kNeedsAttention));
  participants_.set_contradicting(false);
  auto described = std::make_shared<std::promise<std::optional<OrderDetail>>>();
  auto detail = described->get_future();
  node_->describe({"a"}, [described](auto answer) { described->set_value(*answer); });
  ASSERT_EQ(detail.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(detail.get()->parked, ParkKind::kContradiction);
  EXPECT_EQ(retry("a").outcome, Outcome::kDone);
  EXPECT_TRUE(reaches("a", State::kCompleted));
  EXPECT_EQ(retry("a").refusal.code, "finished");
}

TEST_F(NodeTest, ItTakesSnapshotsAndStartsFromThem) {
  std::atomic<uint64_t> reported = 0;
  config_.replica.snapshot_every = 20;
  config_.on_snapshot = [&](const Node::SnapshotReport& report) {
    EXPECT_TRUE(report.status.ok()) << report.status;
    EXPECT_GT(report.bytes, 0u);
    ++reported;
  };
  start();
  uint64_t orders = 0;
  // Each order is several entries; a snapshot is written while the next orders go on.
  while (reported < 3 && orders < 1'000) {
    const std::string id = absl::StrCat("a", ++orders);
    ASSERT_EQ(submit(order(id))->outcome, Node::Outcome::kAccepted);
    ASSERT_TRUE(reaches(id, State::kCompleted));
  }
  EXPECT_GE(reported, 3u);
  node_->stop();
  const Node::Snapshot before = node_->snapshot();
  EXPECT_GE(before.snapshots, 3u);
  EXPECT_GT(before.snapshot_index, 0u);
  EXPECT_EQ(before.snapshots_failed, 0u);
  start();
  EXPECT_GE(node_->snapshot().snapshot_index, before.snapshot_index);
  EXPECT_EQ(submit(order("a1"))->outcome, Node::Outcome::kKnown);
  EXPECT_EQ(submit(order(absl::StrCat("a", orders)))->known.state, State::kCompleted);
  node_->stop();  // before what it reports to
}

TEST_F(NodeTest, WhileParticipantsAreAwayOrdersWaitAndARestartTakesThemUp) {
  participants_.set_away(true);
  start();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(submit(order(absl::StrCat("order-", i)))->outcome, Node::Outcome::kAccepted);
  }
  node_->stop();
  EXPECT_EQ(node_->snapshot().unretired, 10u);
  participants_.set_away(false);
  start();
  EXPECT_EQ(last().size(), 10u) << "a new leader projects every order that is not retired";
  for (int i = 0; i < 10; ++i) {
    const std::string id = absl::StrCat("order-", i);
    for (;;) {
      auto found = std::make_shared<std::promise<std::optional<Known>>>();
      node_->find({id}, [found](auto known) { found->set_value(known.value()); });
      auto page = watch(0, 1'000);
      const auto known = found->get_future().get();
      ASSERT_TRUE(known.has_value());
      if (known->state == State::kCompleted) break;
      ASSERT_EQ(page.wait_for(kPatience), std::future_status::ready);
    }
  }
  EXPECT_EQ(participants_.highest_fence(), 2u);
}

TEST_F(NodeTest, AWatcherIsAnsweredByTheEventAndNotBefore) {
  start();
  auto page = watch(0, 30'000);
  EXPECT_EQ(page.wait_for(std::chrono::milliseconds(0)), std::future_status::timeout);
  ASSERT_TRUE(submit(order("a")).ok());
  ASSERT_EQ(page.wait_for(kPatience), std::future_status::ready);
  const auto got = page.get();
  ASSERT_TRUE(got.ok());
  ASSERT_FALSE(got->transitions.empty());
  EXPECT_EQ(got->transitions[0].id.value, "a");
  EXPECT_EQ(got->transitions[0].to, State::kAccepted);
}

TEST_F(NodeTest, AQuietWatchEndsEmptyAndContinuesWhereItWas) {
  start();
  auto quiet = watch(0, 1);
  ASSERT_EQ(quiet.wait_for(kPatience), std::future_status::ready);
  const auto page = quiet.get();
  EXPECT_TRUE(page->transitions.empty());
  ASSERT_TRUE(submit(order("a")).ok());
  auto next = watch(page->next, 30'000);
  ASSERT_EQ(next.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(next.get()->transitions.at(0).id.value, "a");
}

TEST_F(NodeTest, AClockThatDisagreesWithTheDatabaseAcceptsNothing) {
  start();
  ASSERT_EQ(submit(order("before"))->outcome, Node::Outcome::kAccepted);
  node_->database_time(clock_.wall_ms() + 60'000, clock_.wall_ms());
  EXPECT_EQ(submit(order("a"))->outcome, Node::Outcome::kClockSkew);
  EXPECT_EQ(submit(order("before"))->outcome, Node::Outcome::kKnown);
  node_->database_time(clock_.wall_ms(), clock_.wall_ms());
  EXPECT_EQ(submit(order("a"))->outcome, Node::Outcome::kAccepted);
}

// Nobody asks it anything meanwhile: only the entry that tells the time can make it forget.
TEST_F(NodeTest, WhileAFinishedIdIsKeptItTellsTheTime) {
  start();
  Submit soon = order("a");
  soon.accept_before_ms = clock_.wall_ms() + 300;
  ASSERT_EQ(submit(soon)->outcome, Node::Outcome::kAccepted);
  ASSERT_TRUE(reaches("a", State::kCompleted));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto forgotten = [&] {
    const Node::Snapshot now = node_->snapshot();
    return now.unretired == 0 && now.finished_kept == 0;
  };
  while (!forgotten() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(forgotten());
  EXPECT_EQ(submit(soon)->outcome, Node::Outcome::kExpired);
}

TEST_F(NodeTest, ADiskErrorAnswersUnknownAndEndsTheProcess) {
  start();
  disk_->fail_next_sync();
  const auto submitted = submit(order("a"));
  EXPECT_FALSE(submitted.ok()) << "nobody knows whether the order is in the log";
  auto reason = fatal_.get_future();
  ASSERT_EQ(reason.wait_for(kPatience), std::future_status::ready);
  EXPECT_NE(reason.get().find("first disk error"), std::string::npos);
  EXPECT_EQ(submit(order("b"))->outcome, Node::Outcome::kNotLeader);
  node_->stop();
  EXPECT_FALSE(node_->snapshot().leader);
}

TEST_F(NodeTest, AParticipantThatKnowsANewerLeaderEndsOurLeading) {
  participants_.set_fenced(true);
  start();
  ASSERT_EQ(submit(order("a"))->outcome, Node::Outcome::kAccepted);
  Node::Outcome outcome = Node::Outcome::kAccepted;
  for (int i = 0; i < 100 && outcome != Node::Outcome::kNotLeader; ++i) {
    outcome = submit(order(absl::StrCat("b", i)))->outcome;
  }
  EXPECT_EQ(outcome, Node::Outcome::kNotLeader);
  node_->stop();
  EXPECT_NE(node_->snapshot().not_ready_reason.find("knows a newer leader"), std::string::npos);
}

TEST_F(NodeTest, StoppingAnswersEverybodyWhoWaits) {
  start();
  auto page = watch(0, 30'000);
  node_->stop();
  ASSERT_EQ(page.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(submit(order("late"))->outcome, Node::Outcome::kNotLeader);
}

TEST_F(NodeTest, ManySubmissionsShareASync) {
  start();
  constexpr int kOrders = 500;
  std::atomic<int> accepted = 0;
  std::promise<void> all;
  for (int i = 0; i < kOrders; ++i) {
    node_->submit(order(absl::StrCat("order-", i)), [&](auto result) {
      EXPECT_EQ(result->outcome, Node::Outcome::kAccepted);
      if (++accepted == kOrders) all.set_value();
    });
  }
  ASSERT_EQ(all.get_future().wait_for(kPatience), std::future_status::ready);
  ASSERT_TRUE(reaches(absl::StrCat("order-", kOrders - 1), State::kCompleted));
  node_->stop();
  const Node::Snapshot end = node_->snapshot();
  // Submit, Decide and Finish of each order, and its share of Begin and Retire.
  EXPECT_GT(end.log_entries, 3u * kOrders);
  EXPECT_LT(end.log_batches, end.log_entries / 4);
}

}  // namespace
}  // namespace bookstore::order_executor
