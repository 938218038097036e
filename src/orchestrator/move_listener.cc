#include "orchestrator/move_listener.h"

#include <pthread.h>

#include <chrono>

#include "base/status.h"
#include "telemetry/log.h"

namespace bookstore::orchestrator {
namespace {

constexpr char kChannel[] = "order_moved";
constexpr base::DurationMs kOpenMs = 5'000;
// A dead connection without a word is noticed by then.
constexpr base::DurationMs kListenMs = 60'000;
constexpr base::DurationMs kPauseMs = 1'000;

}  // namespace

MoveListener::MoveListener(std::string conninfo, OrderWaits& waits, const base::Clock& clock)
    : conninfo_(std::move(conninfo)), waits_(waits), clock_(clock), thread_([this] {
        pthread_setname_np(pthread_self(), "order-moves");
        run();
      }) {}

MoveListener::~MoveListener() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (listener_) listener_->interrupt();
  }
  wake_.notify_all();
  thread_.join();
}

void MoveListener::run() {
  do {
    absl::Status status = listen();
    while (status.ok()) status = hear();
    if (absl::IsCancelled(status)) return;
    telemetry::log(telemetry::Level::kWarning, "order_moves_unheard",
                   {{"error", base::describe(status)}});
  } while (pause());
}

absl::Status MoveListener::listen() {
  BOOKSTORE_ASSIGN_OR_RETURN(auto listener,
                             postgres::Listener::open(conninfo_, {kChannel}, clock_,
                                                      base::Deadline::after(clock_, kOpenMs)));
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("the process ends");
    listener_ = std::move(listener);
  }
  waits_.all_may_have_moved();
  return absl::OkStatus();
}

// The listener is replaced by this thread alone, so it is used outside the lock.
absl::Status MoveListener::hear() {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto moved,
                             listener_->wait(base::Deadline::after(clock_, kListenMs)));
  if (moved) waits_.moved(moved->payload);
  return absl::OkStatus();
}

bool MoveListener::pause() {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, std::chrono::milliseconds(kPauseMs), [this] { return stopping_; });
}

}  // namespace bookstore::orchestrator
