#include "cli/load.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <deque>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/status.h"
#include "cli/load_connection.h"
#include "cli/shop.h"

namespace bookstore::cli {
namespace {

constexpr int64_t kUsPerMs = 1'000;
constexpr int64_t kTickUs = 100 * kUsPerMs;
constexpr uint64_t kTimerEvent = UINT64_MAX;

bool asks_for_another_try(const Purchase& purchase) {
  return purchase.status == 0 || purchase.status == 503 || purchase.status == 429 ||
         purchase.code == "in_progress";
}

}  // namespace

int64_t steady_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

absl::StatusOr<Door> parse_door(const std::string& url) {
  std::string_view rest = url;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t colon = rest.find(':');
  Door door{std::string(rest.substr(0, colon)), 0};
  if (door.address == "localhost") door.address = "127.0.0.1";
  const std::string_view port = colon == rest.npos ? "" : rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), door.port);
  if (error != std::errc() || end != port.data() + port.size() || door.port == 0) {
    return absl::InvalidArgumentError("'" + url + "' is not like http://127.0.0.1:8080");
  }
  return door;
}

class Load::Impl {
 public:
  Impl(LoadConfig config, const base::Clock& clock, base::Random& identity)
      : config_(std::move(config)), clock_(clock), identity_(identity), shape_(config_.seed) {
    BOOKSTORE_CHECK(!config_.doors.empty() && !config_.book_ids.empty());
    BOOKSTORE_CHECK(config_.rate_per_s > 0);
    total_ = static_cast<size_t>(config_.rate_per_s * static_cast<double>(config_.duration_ms) /
                                 1'000.0);
  }

  absl::Status run(int64_t start_us, const OnAnswer& on_answer, const std::function<bool()>& tick) {
    start_us_ = start_us;
    on_answer_ = &on_answer;
    poll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
    timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!poll_.open() || !timer_.open()) return absl::UnavailableError("no epoll or timer");
    watch(timer_.get(), kTimerEvent, EPOLLIN);
    int64_t tick_us = start_us;
    while (next_ < total_ || !under_way_.empty()) {
      const int64_t now_us = steady_us();
      if (now_us >= tick_us) {
        tick_us = now_us + kTickUs;
        if (!tick()) total_ = std::min(total_, next_);
        give_up_the_late(now_us);
      }
      begin_due(now_us);
      send_waiting();
      wait(std::min(tick_us, next_event_us()));
    }
    return absl::OkStatus();
  }

  size_t opened() const { return opened_; }

 private:
  struct Slot {
    std::optional<LoadConnection> connection;
    uint64_t generation = 0;         // an event of the one before is not ours
    std::optional<size_t> purchase;  // whose answer it waits for
  };
  struct UnderWay {
    Purchase purchase;
    std::string request;  // the same bytes and key at every try
    int64_t last_try_us = 0;
    std::optional<size_t> slot;
  };

  void watch(int fd, uint64_t tag, uint32_t events) {
    epoll_event event{.events = events, .data = {.u64 = tag}};
    BOOKSTORE_CHECK(epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
  }

  int64_t intended_us(size_t index) const {
    return start_us_ +
           static_cast<int64_t>(static_cast<double>(index) * 1'000'000.0 / config_.rate_per_s);
  }

  int64_t next_event_us() const {
    int64_t next_us = next_ < total_ ? intended_us(next_) : INT64_MAX;
    if (!again_.empty()) next_us = std::min(next_us, again_.begin()->first);
    return next_us;
  }

  // --- orders

  void begin_due(int64_t now_us) {
    for (; next_ < total_ && intended_us(next_) <= now_us; ++next_) {
      UnderWay& order = under_way_[next_];
      order.purchase.intended_us = intended_us(next_);
      order.request = render();
      waiting_.push_back(next_);
    }
    while (!again_.empty() && again_.begin()->first <= now_us) {
      waiting_.push_back(again_.begin()->second);
      again_.erase(again_.begin());
    }
  }

  std::string render() {
    const std::string& book = config_.book_ids[shape_.below(config_.book_ids.size())];
    const std::string body = checkout_body(make_shopper(clock_, identity_), {book, 1});
    return absl::StrCat("POST /v1/checkout HTTP/1.1\r\nHost: bookstore\r\n",
                        "Content-Type: application/json\r\nIdempotency-Key: bench-",
                        base::make_ulid(clock_, identity_), "\r\nContent-Length: ", body.size(),
                        "\r\n\r\n", body);
  }

  void ended(size_t index) {
    const auto found = under_way_.find(index);
    Purchase& purchase = found->second.purchase;
    const int64_t now_us = steady_us();
    if (purchase.status != 0) purchase.answered_us = now_us;
    const int64_t again_us = now_us + config_.try_again_ms * kUsPerMs;
    const bool early = again_us < purchase.intended_us + config_.insist_ms * kUsPerMs;
    if (early && asks_for_another_try(purchase)) {
      if (config_.on_refusal) config_.on_refusal(purchase);
      again_.emplace(again_us, index);
      return;
    }
    (*on_answer_)(index, purchase);
    under_way_.erase(found);
  }

  void give_up_the_late(int64_t now_us) {
    std::vector<size_t> late;
    for (const auto& [index, order] : under_way_) {
      if (order.slot && now_us - order.last_try_us > config_.answer_ms * kUsPerMs) {
        late.push_back(*order.slot);
      }
    }
    for (const size_t slot : late) lose(slot);
  }

  // --- connections

  void send_waiting() {
    while (!waiting_.empty()) {
      const auto slot = free_slot();
      if (!slot) return;
      const size_t index = waiting_.front();
      waiting_.pop_front();
      UnderWay& order = under_way_.at(index);
      order.slot = *slot;
      order.last_try_us = steady_us();
      order.purchase.status = 0;
      ++order.purchase.tries;
      slots_[*slot].purchase = index;
      slots_[*slot].connection->send(order.request);
      advance(*slot);
    }
  }

  // The one that was free longest: all are used, so none is closed for being idle.
  std::optional<size_t> free_slot() {
    while (!idle_.empty()) {
      const size_t slot = idle_.front();
      idle_.pop_front();
      if (slots_[slot].connection) return slot;
      unused_.push_back(slot);
    }
    if (unused_.empty()) {
      if (slots_.size() >= config_.connections_max) return std::nullopt;
      unused_.push_back(slots_.size());
      slots_.emplace_back();
    }
    auto connection = LoadConnection::open(config_.doors[opened_++ % config_.doors.size()]);
    if (!connection.ok()) return std::nullopt;  // tried again with the next event
    const size_t slot = unused_.back();
    unused_.pop_back();
    slots_[slot].connection = std::move(*connection);
    watch(slots_[slot].connection->fd(), ++slots_[slot].generation << 32 | slot,
          EPOLLIN | EPOLLOUT | EPOLLET);
    return slot;
  }

  void advance(size_t slot) {
    auto answer = slots_[slot].connection->advance();
    if (!answer.ok()) return lose(slot);
    if (!answer->has_value()) return;
    const std::optional<size_t> index = std::exchange(slots_[slot].purchase, std::nullopt);
    if (!index) return lose(slot);  // an answer to nothing
    UnderWay& order = under_way_.at(*index);
    order.slot.reset();
    order.purchase.status = (*answer)->status;
    order.purchase.code = std::move((*answer)->code);
    order.purchase.order_id = std::move((*answer)->order_id);
    if ((*answer)->closing) {
      close(slot);
    } else {
      idle_.push_back(slot);
    }
    ended(*index);
  }

  // With its order, if it carries one.
  void lose(size_t slot) {
    const std::optional<size_t> index = std::exchange(slots_[slot].purchase, std::nullopt);
    if (index) {
      close(slot);
      under_way_.at(*index).slot.reset();
      return ended(*index);
    }
    slots_[slot].connection.reset();  // idle: its place in the queue leads to unused_
  }
  void close(size_t slot) {
    slots_[slot].connection.reset();
    unused_.push_back(slot);
  }

  // --- the loop

  void wait(int64_t until_us) {
    const int64_t left_us = std::max<int64_t>(1, until_us - steady_us());
    const itimerspec timer{{}, {left_us / 1'000'000, left_us % 1'000'000 * 1'000}};
    timerfd_settime(timer_.get(), 0, &timer, nullptr);
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(poll_.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const uint64_t tag = events[static_cast<size_t>(i)].data.u64;
      if (tag == kTimerEvent) continue;  // set anew before every wait
      const auto slot = static_cast<size_t>(tag & UINT32_MAX);
      if (slots_[slot].connection && slots_[slot].generation == tag >> 32) advance(slot);
    }
  }

  const LoadConfig config_;
  const base::Clock& clock_;
  base::Random& identity_;
  base::SeededRandom shape_;
  size_t total_ = 0;
  int64_t start_us_ = 0;
  const OnAnswer* on_answer_ = nullptr;
  Fd poll_, timer_;
  size_t next_ = 0;  // the next order to begin
  std::map<size_t, UnderWay> under_way_;
  std::deque<size_t> waiting_;            // for a connection
  std::multimap<int64_t, size_t> again_;  // when → which
  std::vector<Slot> slots_;
  std::deque<size_t> idle_;  // longest first; may hold slots that were lost meanwhile
  std::vector<size_t> unused_;
  size_t opened_ = 0;
};

Load::Load(LoadConfig config, const base::Clock& clock, base::Random& identity)
    : impl_(std::make_unique<Impl>(std::move(config), clock, identity)) {}
Load::~Load() = default;

absl::Status Load::run(int64_t start_us, const OnAnswer& on_answer,
                       const std::function<bool()>& tick) {
  return impl_->run(start_us, on_answer, tick);
}

size_t Load::connections_opened() const {
  return impl_->opened();
}

}  // namespace bookstore::cli
