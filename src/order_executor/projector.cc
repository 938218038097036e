#include "order_executor/projector.h"

#include <algorithm>
#include <chrono>

#include "base/crash_point.h"
#include "base/status.h"
#include "telemetry/log.h"

namespace bookstore::order_executor {
namespace {

using std::chrono::milliseconds;

}  // namespace

Projector::Projector(Config config, Write write, const base::Clock& clock)
    : config_(config), write_(std::move(write)), clock_(clock) {}

Projector::~Projector() {
  stop();
}

void Projector::start(OnDurable on_durable) {
  on_durable_ = std::move(on_durable);
  thread_ = std::thread([this] { run(); });
}

void Projector::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Projector::add(const std::vector<Transition>& transitions) {
  const std::lock_guard lock(mutex_);
  for (const Transition& transition : transitions) {
    put_locked(
        {transition.id, transition.to, transition.reason, transition.index, transition.clock});
  }
  changed_.notify_all();
}

Projector::Counters Projector::counters() const {
  const std::lock_guard lock(mutex_);
  Counters now = counters_;
  now.waiting = waiting_.size();
  return now;
}

void Projector::run() {
  for (;;) {
    const std::vector<orders::Transition> batch = next_batch();
    if (batch.empty()) return;
    write(batch);
  }
}

// Empty when stopping: what waits then is projected again by the next leader.
std::vector<orders::Transition> Projector::next_batch() {
  std::unique_lock lock(mutex_);
  if (failures_in_a_row_ > 0) {
    const base::DurationMs pause_ms =
        std::min(config_.retry_max_ms, config_.retry_min_ms << std::min(failures_in_a_row_, 6u));
    changed_.wait_for(lock, milliseconds(pause_ms), [this] { return stopping_; });
  }
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  changed_.wait_for(lock, milliseconds(config_.linger_ms),
                    [this] { return stopping_ || waiting_.size() >= config_.batch_max; });
  std::vector<orders::Transition> batch;
  if (stopping_) return batch;
  while (!waiting_.empty() && batch.size() < config_.batch_max) {
    batch.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  return batch;
}

void Projector::write(const std::vector<orders::Transition>& batch) {
  BOOKSTORE_CRASH_BEFORE(kProjection);
  const auto report = write_(batch, base::Deadline::after(clock_, config_.timeout_ms));
  if (!report.ok()) {
    telemetry::log(
        telemetry::Level::kWarning, "projection_failed",
        {{"orders", std::to_string(batch.size())}, {"reason", base::describe(report.status())}});
    return put_back(batch);
  }
  BOOKSTORE_CRASH_AFTER(kProjection);
  if (report->illegal + report->unknown > 0) {
    telemetry::log(telemetry::Level::kError, "projection_refused",
                   {{"illegal", std::to_string(report->illegal)},
                    {"unknown", std::to_string(report->unknown)}});
  }
  std::vector<RetiredOrder> durable;
  for (const orders::SettledRow& row : report->settled) {
    durable.push_back({row.order_id, row.accept_before_ms});
  }
  {
    const std::lock_guard lock(mutex_);
    failures_in_a_row_ = 0;
    ++counters_.batches;
    counters_.applied += report->applied;
    counters_.known += report->known;
    counters_.older += report->older;
    counters_.illegal += report->illegal;
    counters_.unknown += report->unknown;
  }
  if (!durable.empty()) on_durable_(std::move(durable));
}

void Projector::put_back(const std::vector<orders::Transition>& batch) {
  const std::lock_guard lock(mutex_);
  ++failures_in_a_row_;
  ++counters_.failures;
  for (const orders::Transition& transition : batch) put_locked(transition);
}

void Projector::put_locked(orders::Transition transition) {
  const auto [place, fresh] = waiting_.try_emplace(transition.order_id, transition);
  if (!fresh && place->second.index < transition.index) place->second = std::move(transition);
}

}  // namespace bookstore::order_executor
