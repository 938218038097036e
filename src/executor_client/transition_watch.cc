#include "executor_client/transition_watch.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/deadline.h"
#include "executor_client/subscribers.h"
#include "executor_client/timer.h"
#include "rpc/client.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;

// What the poll may take beyond the time that the member was asked to wait.
constexpr base::DurationMs kAnswerMs = 2'000;

}  // namespace

// A loop of calls: connect (a poll that does not wait, for the place to watch from), then one long
// poll after the other. Whatever was missed between two connections is covered by a kReread.
class TransitionWatch::Impl {
 public:
  Impl(Config config, const base::Clock& clock, base::Random& random)
      : config_(std::move(config)),
        clock_(clock),
        random_(random),
        subscribers_(std::make_shared<Subscribers>(config_.subscribers_max)) {
    BOOKSTORE_CHECK(!config_.members.empty(), "an executor has at least one member");
    // Clients of its own: what the long poll meets says nothing about Submit.
    for (const std::string& address : config_.members) {
      clients_.push_back(std::make_unique<rpc::Client>(
          rpc::Client::Config{.peer = "executor watch", .addresses = {address}}, clock, random));
    }
  }

  void start() {
    {
      const std::lock_guard lock(mutex_);
      BOOKSTORE_CHECK(!running_, "a watch is started once");
      running_ = true;
    }
    connect();
  }

  void stop() {
    rpc::CallHandle call;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      call = call_;
    }
    timer_.hurry();
    if (call) call->cancel();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return !running_; });
  }

  bool connected() const {
    const std::lock_guard lock(mutex_);
    return connected_;
  }
  Subscribers& subscribers() { return *subscribers_; }

 private:
  void connect() { poll(/*after=*/0, /*max_wait_ms=*/0, &Impl::connect_ended); }

  using Ended = void (Impl::*)(absl::StatusOr<executor::WatchTransitionsReply>);

  void poll(uint64_t after, base::DurationMs max_wait_ms, Ended ended) {
    executor::WatchTransitionsRequest request;
    request.set_after(after);
    request.set_max_wait_ms(static_cast<uint32_t>(max_wait_ms));
    const base::DurationMs limit_ms =
        max_wait_ms == 0 ? config_.connect_timeout_ms : max_wait_ms + kAnswerMs;
    const uint64_t number = ++polls_;
    after_ = after;
    const rpc::CallHandle call = clients_[member_]->call(
        executor::kWatchTransitions, request,
        {.deadline = base::Deadline::after(clock_, limit_ms), .long_poll = true},
        [this, ended](auto reply) { (this->*ended)(std::move(reply)); });
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      // The answer may have come already, and the next poll with it.
      if (number > call_number_) {
        call_number_ = number;
        call_ = call;
      }
      stopping = stopping_;
    }
    if (stopping) call->cancel();
  }

  void connect_ended(absl::StatusOr<executor::WatchTransitionsReply> reply) {
    if (!reply.ok()) return back_off();
    backoff_ms_ = 0;
    set_connected(true);
    subscribers_->tell_all({.kind = WatchEvent::Kind::kReread});
    go_on(reply->next());
  }

  void poll_ended(absl::StatusOr<executor::WatchTransitionsReply> reply) {
    if (!reply.ok()) {
      set_connected(false);
      return back_off();
    }
    for (const executor::Transition& transition : reply->transitions()) {
      subscribers_->tell(transition);
    }
    // A poll from 0 watched from its own arrival on: what came just before it was not told.
    if (reply->gap() || after_ == 0) {
      subscribers_->tell_all({.kind = WatchEvent::Kind::kReread});
    }
    go_on(reply->next());
  }

  void go_on(uint64_t after) {
    if (!ended_by_stop()) poll(after, config_.poll_ms, &Impl::poll_ended);
  }

  void back_off() {
    if (ended_by_stop()) return;
    member_ = (member_ + 1) % clients_.size();
    backoff_ms_ = std::clamp(2 * backoff_ms_, config_.backoff_min_ms, config_.backoff_max_ms);
    const auto half = static_cast<uint64_t>(backoff_ms_ / 2 + 1);
    const auto pause_ms = backoff_ms_ / 2 + static_cast<base::DurationMs>(random_.below(half));
    timer_.after(pause_ms, [this] {
      if (!ended_by_stop()) connect();
    });
  }

  bool ended_by_stop() {
    const std::lock_guard lock(mutex_);
    if (!stopping_) return false;
    connected_ = false;
    running_ = false;
    call_.reset();
    ended_.notify_all();
    return true;
  }

  void set_connected(bool connected) {
    const std::lock_guard lock(mutex_);
    connected_ = connected;
  }

  const Config config_;
  const base::Clock& clock_;
  base::Random& random_;
  const std::shared_ptr<Subscribers> subscribers_;

  // Of the loop, which is one chain of completions: no two run at once.
  size_t member_ = 0;
  base::DurationMs backoff_ms_ = 0;
  uint64_t polls_ = 0;
  uint64_t after_ = 0;  // of the poll in flight; 0 is "from now on", and what an empty log answers

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  bool running_ = false;
  bool stopping_ = false;
  bool connected_ = false;
  uint64_t call_number_ = 0;
  rpc::CallHandle call_;

  // Last, so that they end first: what they run uses all the rest.
  std::vector<std::unique_ptr<rpc::Client>> clients_;
  Timer timer_;
};

TransitionWatch::TransitionWatch(Config config, const base::Clock& clock, base::Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), clock, random)) {}

TransitionWatch::~TransitionWatch() {
  impl_->stop();
}

void TransitionWatch::start() {
  impl_->start();
}

absl::StatusOr<std::unique_ptr<TransitionWatch::Subscription>> TransitionWatch::subscribe(
    std::string order_id, Listener listener) {
  BOOKSTORE_CHECK(!order_id.empty(), "subscribe_all() hears of every order");
  return impl_->subscribers().add(std::move(order_id), std::move(listener));
}

absl::StatusOr<std::unique_ptr<TransitionWatch::Subscription>> TransitionWatch::subscribe_all(
    Listener listener) {
  return impl_->subscribers().add("", std::move(listener));
}

bool TransitionWatch::connected() const {
  return impl_->connected();
}

size_t TransitionWatch::subscribers() const {
  return impl_->subscribers().size();
}

}  // namespace bookstore::executor_client
