// The watch against a member that is real on the wire and tells what a test tells it.
#include "executor_client/transition_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "executor_client/fake_executor.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;
using std::chrono::seconds;

// What a listener heard, to wait for.
class Heard {
 public:
  TransitionWatch::Listener listener() {
    return [this](const WatchEvent& event) {
      const std::lock_guard lock(mutex_);
      texts_.push_back(event.kind == WatchEvent::Kind::kReread
                           ? "reread"
                           : event.transition.order_id() + " " +
                                 std::to_string(event.transition.index()));
      changed_.notify_all();
    };
  }
  // The oldest that was not yet taken; "nothing" when none came in time.
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, seconds(20), [this] { return !texts_.empty(); })) {
      return "nothing";
    }
    std::string text = texts_.front();
    texts_.pop_front();
    return text;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return texts_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> texts_;
};

// A feed of transitions behind a member's WatchTransitions.
class Feed {
 public:
  explicit Feed(FakeExecutor& member) {
    member.watch = [this](rpc::ServerCall& call, const executor::WatchTransitionsRequest& request) {
      return poll(call, request);
    };
  }
  void add(const std::string& order_id) {
    const std::lock_guard lock(mutex_);
    executor::Transition transition;
    transition.set_order_id(order_id);
    transition.set_index(first_ + transitions_.size());
    transitions_.push_back(transition);
    changed_.notify_all();
  }
  // Forgets everything, as a member that started anew.
  void forget() {
    const std::lock_guard lock(mutex_);
    first_ += transitions_.size() + 100;
    transitions_.clear();
    changed_.notify_all();
  }

 private:
  executor::WatchTransitionsReply poll(rpc::ServerCall& call,
                                       const executor::WatchTransitionsRequest& request) {
    std::unique_lock lock(mutex_);
    const uint64_t end = first_ + transitions_.size();
    const uint64_t after = request.after() == 0 ? end : request.after();
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(request.max_wait_ms());
    const auto news = [&] { return after < first_ + transitions_.size(); };
    while (!news() && !call.cancelled() && std::chrono::steady_clock::now() < deadline) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    executor::WatchTransitionsReply reply;
    reply.set_gap(after < first_);
    for (uint64_t at = std::max(after, first_); at < first_ + transitions_.size(); ++at) {
      *reply.add_transitions() = transitions_[at - first_];
    }
    reply.set_next(first_ + transitions_.size());
    return reply;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t first_ = 1;
  std::deque<executor::Transition> transitions_;
};

class TransitionWatchTest : public ::testing::Test {
 protected:
  void TearDown() override {
    watch_.reset();
    member_.server.reset();  // before the feed that its handlers read
  }
  void watch(std::vector<std::string> members, size_t capacity = 100) {
    watch_ =
        std::make_unique<TransitionWatch>(TransitionWatch::Config{.members = std::move(members),
                                                                  .poll_ms = 300,
                                                                  .backoff_min_ms = 5,
                                                                  .backoff_max_ms = 20,
                                                                  .subscribers_max = capacity},
                                          clock_, random_);
  }
  std::unique_ptr<TransitionWatch::Subscription> subscribe(const std::string& order_id,
                                                           Heard& heard) {
    auto subscription = watch_->subscribe(order_id, heard.listener());
    EXPECT_TRUE(subscription.ok()) << subscription.status();
    return std::move(subscription).value();
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  FakeExecutor member_;
  Feed feed_{member_};
  std::unique_ptr<TransitionWatch> watch_;
};

TEST_F(TransitionWatchTest, ASubscriberHearsOfItsOrderAndOfNoOther) {
  watch({member_.start(clock_)});
  Heard one, all;
  const auto subscription = subscribe("ord_1", one);
  const auto everything = watch_->subscribe_all(all.listener());
  watch_->start();
  EXPECT_EQ(one.next(), "reread") << "before the connection something may have happened";
  EXPECT_EQ(all.next(), "reread");
  feed_.add("ord_2");
  feed_.add("ord_1");
  EXPECT_EQ(one.next(), "ord_1 2");
  EXPECT_EQ(all.next(), "ord_2 1");
  EXPECT_EQ(all.next(), "ord_1 2");
  EXPECT_TRUE(watch_->connected());
}

TEST_F(TransitionWatchTest, HearsOnAfterQuietPolls) {
  watch({member_.start(clock_)});
  Heard heard;
  const auto subscription = subscribe("ord_1", heard);
  watch_->start();
  ASSERT_EQ(heard.next(), "reread");
  for (int i = 1; i <= 3; ++i) {
    feed_.add("ord_1");
    EXPECT_EQ(heard.next(), "ord_1 " + std::to_string(i));
  }
}

TEST_F(TransitionWatchTest, AGapWakesEverybodyToReadAgain) {
  watch({member_.start(clock_)});
  Heard heard;
  const auto subscription = subscribe("ord_1", heard);
  watch_->start();
  ASSERT_EQ(heard.next(), "reread");
  feed_.forget();
  feed_.add("ord_2");
  EXPECT_EQ(heard.next(), "reread");
}

TEST_F(TransitionWatchTest, ReconnectsToAMemberThatCameBackAndSaysReadAgain) {
  const std::string address = member_.start(clock_);
  watch({address});
  Heard heard;
  const auto subscription = subscribe("ord_1", heard);
  watch_->start();
  ASSERT_EQ(heard.next(), "reread");
  member_.server.reset();
  ASSERT_EQ(member_.start(clock_, address), address);
  EXPECT_EQ(heard.next(), "reread");
  feed_.add("ord_1");
  EXPECT_EQ(heard.next(), "ord_1 1");
}

TEST_F(TransitionWatchTest, GoesToAnotherMemberWhenOneIsGone) {
  watch({"127.0.0.1:1", member_.start(clock_)});
  Heard heard;
  const auto subscription = subscribe("ord_1", heard);
  watch_->start();
  EXPECT_EQ(heard.next(), "reread");
}

TEST_F(TransitionWatchTest, AtTheCapacityASubscriberIsRefusedAndRoomComesBack) {
  watch({member_.start(clock_)}, 1);
  Heard heard;
  auto first = subscribe("ord_1", heard);
  EXPECT_EQ(watch_->subscribe("ord_2", heard.listener()).status().code(),
            absl::StatusCode::kResourceExhausted);
  first.reset();
  EXPECT_EQ(watch_->subscribers(), 0u);
  EXPECT_TRUE(watch_->subscribe("ord_2", heard.listener()).ok());
}

TEST_F(TransitionWatchTest, AListenerMayEndItsOwnSubscriptionAndIsNotCalledAgain) {
  watch({member_.start(clock_)});
  Heard own, other;
  std::unique_ptr<TransitionWatch::Subscription> subscription;
  auto listener = own.listener();
  subscription = *watch_->subscribe("ord_1", [&](const WatchEvent& event) {
    if (event.kind == WatchEvent::Kind::kTransition) subscription.reset();
    listener(event);
  });
  const auto stays = subscribe("ord_1", other);
  watch_->start();
  ASSERT_EQ(own.next(), "reread");
  ASSERT_EQ(other.next(), "reread");
  feed_.add("ord_1");
  EXPECT_EQ(own.next(), "ord_1 1");
  EXPECT_EQ(other.next(), "ord_1 1");
  feed_.add("ord_1");
  EXPECT_EQ(other.next(), "ord_1 2");
  EXPECT_TRUE(own.empty());
}

TEST_F(TransitionWatchTest, ASubscriptionMayOutliveTheWatch) {
  watch({member_.start(clock_)});
  Heard heard;
  const auto subscription = subscribe("ord_1", heard);
  watch_->start();
  ASSERT_EQ(heard.next(), "reread");
  watch_.reset();
  feed_.add("ord_1");
  EXPECT_TRUE(heard.empty());
}

TEST_F(TransitionWatchTest, StopsWhileNobodyAnswers) {
  watch({"127.0.0.1:1"});
  watch_->start();
  EXPECT_FALSE(watch_->connected());
  watch_.reset();  // and does not hang
}

}  // namespace
}  // namespace bookstore::executor_client
