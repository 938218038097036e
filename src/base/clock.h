#pragma once

#include <cstdint>
#include <string>

namespace bookstore::base {

// A duration and two kinds of instant, all in milliseconds; the unit is in every name.
// Wall time says when (UTC, may jump); steady time measures (never jumps, per process).
using DurationMs = int64_t;
using WallMs = int64_t;    // milliseconds since 1970-01-01T00:00:00Z
using SteadyMs = int64_t;  // milliseconds since an arbitrary start

// Passed in wherever time matters, so that tests and the simulator own it. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallMs wall_ms() const = 0;
  virtual SteadyMs steady_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallMs wall_ms() const override;
  SteadyMs steady_ms() const override;
};

// RFC 3339 in UTC with milliseconds: 2026-11-22T14:05:09.123Z.
std::string format_rfc3339(WallMs time_ms);

// Calendar fields in UTC of an instant.
struct CivilTime {
  int year;
  int month;  // 1..12
  int day;    // 1..31
  int hour;
  int minute;
  int second;
};
CivilTime civil_from_wall(WallMs time_ms);
// The inverse; fields must be in range. No leap seconds.
WallMs wall_from_civil(const CivilTime& civil);

}  // namespace bookstore::base
