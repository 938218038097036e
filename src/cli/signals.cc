#include "cli/signals.h"

#include <csignal>
#include <ctime>

namespace bookstore::cli {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool StopSignal::wait_ms(base::DurationMs duration_ms) {
  if (requested_) return true;
  const sigset_t set = stop_signals();
  const timespec timeout{.tv_sec = duration_ms / 1000, .tv_nsec = duration_ms % 1000 * 1'000'000};
  requested_ = sigtimedwait(&set, nullptr, &timeout) > 0;
  return requested_;
}

}  // namespace bookstore::cli
