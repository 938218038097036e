#include "orchestrator/order_waits.h"

#include <pthread.h>

#include <vector>

#include "checkout/answer.h"
#include "checkout/steps.h"
#include "orchestrator/preconditions.h"
#include "orchestrator/problems.h"
#include "telemetry/log.h"

namespace bookstore::orchestrator {
namespace {

using executor_client::WatchEvent;

// Nothing more happens unless a person acts.
bool at_rest(orders::State state) {
  return orders::terminal(state) || state == orders::State::kInReview ||
         state == orders::State::kNeedsAttention;
}

}  // namespace

http::Response order_response(const http::Request& request, const orders::Order& order) {
  return conditional(request, checkout::order_etag(order.revision),
                     {200, {{"Content-Type", "application/json"}}, checkout::order_body(order)});
}

// One request. Reads never overlap; what happens during a read makes another one follow it.
class OrderWaits::Wait : public std::enable_shared_from_this<Wait> {
 public:
  Wait(OrderWaits& waits, std::shared_ptr<http::Exchange> exchange, base::OrderId order_id,
       std::optional<base::DurationMs> wait_ms)
      : waits_(waits),
        ports_(waits.ports_),
        exchange_(std::move(exchange)),
        order_id_(std::move(order_id)),
        known_etag_(exchange_->request().header("If-None-Match")),
        wait_ms_(wait_ms.value_or(0)),
        last_(!wait_ms),
        due_ms_(base::Deadline::after(*ports_.clock, wait_ms_).steady_ms()) {}

  base::SteadyMs due_ms() const { return due_ms_; }

  const base::OrderId& order_id() const { return order_id_; }

  // The row may have changed.
  void look_again() { schedule(); }

  // Subscribes before it reads: what happens after the read is then told.
  void begin() {
    if (!last_) subscribe();
    schedule();
  }

  // The client is gone: nobody wants the answer.
  void abandon() {
    finish([](http::Exchange&) {});
  }

  // The time is up, or the process drains.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      last_ = true;
    }
    schedule();
  }

 private:
  void subscribe() {
    exchange_->on_close([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->abandon();
    });
    auto subscription =
        ports_.subscribe(order_id_.value, [weak = weak_from_this()](const WatchEvent& event) {
          if (const auto self = weak.lock()) self->on_event(event);
        });
    const std::lock_guard lock(mutex_);
    if (done_) return;
    if (subscription.ok()) {
      subscription_ = std::move(*subscription);
    } else {
      last_ = true;  // too many wait already: this one gets the order as it is
    }
  }

  void on_event(const WatchEvent& event) {
    if (event.kind == WatchEvent::Kind::kReread) return ask_executor();
    const auto& transition = event.transition;
    hear(transition.state(), transition.reason(), transition.index(), transition.clock());
  }

  // Once we listen: what was told before is asked for.
  void ask_executor() {
    ports_.ask_executor(order_id_, base::Deadline::after(*ports_.clock, ports_.read_ms),
                        [self = shared_from_this()](const auto& view) {
                          if (view.ok()) {
                            self->hear(view->state, view->reason, view->index, view->clock);
                          }
                          // Without an answer, or time, the row is what is left.
                          if (!view.ok() || self->reads_last()) self->schedule();
                        });
  }

  bool reads_last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  // A state of the order at the executor, and the entry that made it.
  void hear(contracts::executor::OrderState executor_state, const std::string& reason,
            uint64_t index, const std::string& clock) {
    const auto state = checkout::state_of(executor_state);
    if (!state) return;
    {
      const std::lock_guard lock(mutex_);
      if (done_ || index <= told_.index) return;
      told_ = {order_id_, *state, reason, index, clock};
      if (known_etag_.empty() && !at_rest(*state)) return;  // would not end the wait
    }
    schedule();
  }

  void schedule() {
    {
      const std::lock_guard lock(mutex_);
      if (done_) return;
      if (reading_) {
        again_ = true;
        return;
      }
      reading_ = true;
    }
    if (!ports_.database->try_submit([self = shared_from_this()] { self->read(); })) {
      finish([](http::Exchange& exchange) { refuse(exchange, "overloaded"); });
    }
  }

  void read() {
    bool last;
    orders::Transition told;
    {
      const std::lock_guard lock(mutex_);
      if (done_) return;
      again_ = false;
      last = last_;
      told = told_;
    }
    const auto order = read_order(told);
    if (absl::IsNotFound(order.status())) {
      return finish([](http::Exchange& exchange) { refuse(exchange, "no_such_order"); });
    }
    if (!order.ok()) {
      telemetry::log(telemetry::Level::kWarning, "order_read_failed",
                     {{"order_id", order_id_.value}, {"reason", order.status().ToString()}});
      return finish([](http::Exchange& exchange) { refuse(exchange, "database_unavailable"); });
    }
    if ((last || ends_wait(*order)) && !wants_executor(*order)) {
      return finish([&](http::Exchange& exchange) { respond(exchange, *order); });
    }
    bool again, first;
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      again = again_;
      first = std::exchange(first_read_, false);
    }
    if (again) schedule();
    if (first) ask_executor();
  }

  // The row cannot say whether the order is in the log.
  bool wants_executor(const orders::Order& order) {
    const std::lock_guard lock(mutex_);
    return first_read_ && order.state == orders::State::kSubmitting;
  }

  absl::StatusOr<orders::Order> read_order(const orders::Transition& told) {
    const auto deadline = base::Deadline::after(*ports_.clock, ports_.read_ms);
    auto order = ports_.read_order(order_id_, deadline);
    const bool row_is_behind = order.ok() && told.index > 0 && order->state != told.state &&
                               orders::legal_path(order->state, told.state);
    if (!row_is_behind) return order;
    if (const auto status = ports_.project(told, deadline); !status.ok()) return status;
    return ports_.read_order(order_id_, deadline);
  }

  bool ends_wait(const orders::Order& order) const {
    if (known_etag_.empty()) return at_rest(order.state);
    return orders::terminal(order.state) ||
           !names_etag(known_etag_, checkout::order_etag(order.revision));
  }

  void respond(http::Exchange& exchange, const orders::Order& order) {
    http::Response response = order_response(exchange.request(), order);
    if (wait_ms_ > 0) {
      response.headers.set("Preference-Applied", "wait=" + std::to_string(wait_ms_ / 1'000));
    }
    exchange.respond(std::move(response));
  }

  template <class Answer>
  void finish(Answer answer) {
    std::unique_ptr<executor_client::TransitionWatch::Subscription> subscription;
    {
      const std::lock_guard lock(mutex_);
      if (done_) return;
      done_ = true;
      subscription = std::move(subscription_);
    }
    answer(*exchange_);
    subscription.reset();  // outside the lock: waits for a listener that runs
    waits_.forget(this, due_ms_);
  }

  OrderWaits& waits_;
  const Ports& ports_;
  const std::shared_ptr<http::Exchange> exchange_;
  const base::OrderId order_id_;
  const std::string known_etag_;
  const base::DurationMs wait_ms_;

  std::mutex mutex_;  // guards what follows but due_ms_
  std::unique_ptr<executor_client::TransitionWatch::Subscription> subscription_;
  orders::Transition told_;  // the newest; index 0: none yet
  bool first_read_ = true;
  bool reading_ = false;
  bool again_ = false;
  bool last_;  // the next read is answered whatever it says
  bool done_ = false;
  const base::SteadyMs due_ms_;
};

OrderWaits::OrderWaits(const Ports& ports)
    : ports_(ports), thread_([this] {
        pthread_setname_np(pthread_self(), "order-waits");
        run();
      }) {}

OrderWaits::~OrderWaits() {
  stop();
  thread_.join();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return unanswered_ == 0; });
}

void OrderWaits::answer(std::shared_ptr<http::Exchange> exchange, base::OrderId order_id) {
  auto wait_ms = preferred_wait_ms(exchange->request().headers);
  std::shared_ptr<Wait> wait;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || wait_ms == 0) wait_ms.reset();
    wait = std::make_shared<Wait>(*this, std::move(exchange), std::move(order_id), wait_ms);
    if (wait_ms) waits_.emplace(wait->due_ms(), wait);
    ++unanswered_;
  }
  changed_.notify_all();
  wait->begin();
}

void OrderWaits::forget(const Wait* wait, base::SteadyMs due_ms) {
  std::shared_ptr<Wait> last_owner;  // dies outside the lock
  const std::lock_guard lock(mutex_);
  --unanswered_;
  changed_.notify_all();
  const auto [begin, end] = waits_.equal_range(due_ms);
  for (auto each = begin; each != end; ++each) {
    if (each->second.get() != wait) continue;
    last_owner = std::move(each->second);
    waits_.erase(each);
    return;
  }
}

void OrderWaits::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waits_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const base::SteadyMs now_ms = ports_.clock->steady_ms();
    const auto first = waits_.begin();
    if (first->first > now_ms) {
      changed_.wait_for(lock, std::chrono::milliseconds(first->first - now_ms));
      continue;
    }
    const std::shared_ptr<Wait> due = std::move(first->second);
    waits_.erase(first);
    lock.unlock();
    due->end();
    lock.lock();
  }
}

void OrderWaits::stop() {
  std::multimap<base::SteadyMs, std::shared_ptr<Wait>> waits;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waits.swap(waits_);
  }
  changed_.notify_all();
  for (const auto& [due_ms, wait] : waits) wait->end();
}

void OrderWaits::moved(const std::string& order_id) {
  look_again([&order_id](const Wait& wait) { return wait.order_id().value == order_id; });
}

void OrderWaits::all_may_have_moved() {
  look_again([](const Wait&) { return true; });
}

void OrderWaits::look_again(const std::function<bool(const Wait&)>& concerned) {
  std::vector<std::shared_ptr<Wait>> waits;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [due_ms, wait] : waits_) {
      if (concerned(*wait)) waits.push_back(wait);
    }
  }
  for (const auto& wait : waits) wait->look_again();
}

size_t OrderWaits::waiting() const {
  const std::lock_guard lock(mutex_);
  return waits_.size();
}

}  // namespace bookstore::orchestrator
