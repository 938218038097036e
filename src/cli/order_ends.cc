#include "cli/order_ends.h"

#include <chrono>

#include "base/status.h"
#include "cli/load.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kLookEveryMs = 200;
constexpr base::DurationMs kQueryMs = 10'000;
constexpr size_t kIdsMax = 4'000;  // a query; the others wait for the next
constexpr int kClockReadings = 5;

constexpr postgres::Statement kNow{
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us"};
constexpr postgres::Statement kEnded{
    "SELECT order_id, state, coalesce(reason, '') AS reason, "
    "(extract(epoch FROM updated_at) * 1000000)::bigint AS at_us FROM orders.orders "
    "WHERE order_id = ANY($1::text[]) AND state IN "
    "('completed', 'failed', 'canceled', 'rejected', 'needs_attention')"};

}  // namespace

OrderEnds::OrderEnds(std::string database, const base::Clock& clock)
    : clock_(clock), pool_({.conninfo = std::move(database), .connections_max = 1}, clock) {}

OrderEnds::~OrderEnds() {
  stop();
}

absl::Status OrderEnds::start() {
  int64_t narrowest_us = INT64_MAX;
  for (int i = 0; i < kClockReadings; ++i) {
    const int64_t before_us = steady_us();
    BOOKSTORE_ASSIGN_OR_RETURN(const auto now,
                               pool_.query(kNow, {}, base::Deadline::after(clock_, kQueryMs)));
    const int64_t after_us = steady_us();
    if (after_us - before_us >= narrowest_us) continue;
    narrowest_us = after_us - before_us;
    database_ahead_us_ = now[0].int64("now_us") - (before_us + after_us) / 2;
  }
  thread_ = std::thread([this] { run(); });
  return absl::OkStatus();
}

void OrderEnds::expect(std::string order_id) {
  const std::lock_guard lock(mutex_);
  expected_.insert(std::move(order_id));
}

bool OrderEnds::wait_for_all(base::Deadline deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(deadline.remaining_ms(clock_)),
                           [this] { return expected_.empty(); });
}

void OrderEnds::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

size_t OrderEnds::ended() const {
  const std::lock_guard lock(mutex_);
  return ends_.size();
}

std::vector<std::string> OrderEnds::missing() const {
  const std::lock_guard lock(mutex_);
  return {expected_.begin(), expected_.end()};
}

void OrderEnds::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    look();
    lock.lock();
    changed_.wait_for(lock, std::chrono::milliseconds(kLookEveryMs), [this] { return stopping_; });
  }
}

// A failure is no news: the platform may be restarting, the next look comes soon.
void OrderEnds::look() {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : expected_) {
      if (ids.size() == kIdsMax) break;
      ids.push_back(id);
    }
  }
  if (ids.empty()) return;
  const auto rows = pool_.query(kEnded, {ids}, base::Deadline::after(clock_, kQueryMs));
  if (!rows.ok()) return;
  const std::lock_guard lock(mutex_);
  for (const postgres::Row row : *rows) {
    const std::string id = row.text("order_id");
    ends_[id] = {row.text("state"), row.text("reason"), row.int64("at_us") - database_ahead_us_};
    expected_.erase(id);
  }
  if (expected_.empty()) changed_.notify_all();
}

}  // namespace bookstore::cli
