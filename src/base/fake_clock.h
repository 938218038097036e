#pragma once

#include <atomic>

#include "base/clock.h"

namespace bookstore::base {

// A clock that moves only when a test or the simulator says so. Any thread.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallMs wall_ms = 1'790'000'000'000) : wall_ms_(wall_ms) {}

  WallMs wall_ms() const override { return wall_ms_.load(); }
  SteadyMs steady_ms() const override { return steady_ms_.load(); }

  void advance(DurationMs duration_ms) {
    wall_ms_ += duration_ms;
    steady_ms_ += duration_ms;
  }
  // What an operator or NTP does: the wall jumps, the steady clock does not notice.
  void jump_wall(DurationMs duration_ms) { wall_ms_ += duration_ms; }

 private:
  std::atomic<WallMs> wall_ms_;
  std::atomic<SteadyMs> steady_ms_{1'000};
};

}  // namespace bookstore::base
