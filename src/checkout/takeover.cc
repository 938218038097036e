#include "checkout/takeover.h"

#include <chrono>
#include <utility>

#include "base/status.h"
#include "checkout/resubmission.h"
#include "checkout/review.h"
#include "telemetry/log.h"

namespace bookstore::checkout {
namespace {

using telemetry::Level;

constexpr size_t kBatchMax = 32;
constexpr base::DurationMs kDatabaseMs = 2'000;
constexpr int kRoundsPerSweep = 30;
constexpr size_t kSweepMax = 1'000;

}  // namespace

Takeover::Takeover(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)), thread_([this] { run(); }) {}

Takeover::~Takeover() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Takeover::run() {
  for (int round = 0;; ++round) {
    {
      std::unique_lock lock(mutex_);
      const auto pause = std::chrono::milliseconds(shared_->config.takeover_every_ms);
      if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return;
    }
    take_over_lapsed();
    if (round % kRoundsPerSweep == 0) sweep();
  }
}

void Takeover::take_over_lapsed() {
  auto taken = shared_->services.orders.take_over_lapsed(
      kBatchMax, shared_->config.lease_ms, shared_->config.accept_before_ms,
      base::Deadline::after(shared_->services.clock, kDatabaseMs));
  if (!taken.ok()) {
    telemetry::log(Level::kWarning, "takeover_failed", {{"error", base::describe(taken.status())}});
    return;
  }
  for (orders::TakenOver& order : *taken) {
    ++shared_->counters.taken_over;
    std::make_shared<Resubmission>(shared_, std::move(order))->start();
  }
}

void Takeover::sweep() {
  const auto deadline = base::Deadline::after(shared_->services.clock, kDatabaseMs);
  orders::Store& orders = shared_->services.orders;
  for (const absl::Status& swept : {orders.reject_abandoned(kSweepMax, deadline).status(),
                                    orders.remove_expired_keys(kSweepMax, deadline).status(),
                                    decline_overdue(*shared_, kBatchMax, deadline).status()}) {
    if (!swept.ok()) {
      telemetry::log(Level::kWarning, "sweep_failed", {{"error", base::describe(swept)}});
    }
  }
}

}  // namespace bookstore::checkout
