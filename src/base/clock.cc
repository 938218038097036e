#include "base/clock.h"

#include <chrono>
#include <cstdio>

namespace bookstore::base {
namespace {

template <class C>
int64_t ms_since_epoch() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(C::now().time_since_epoch()).count();
}

}  // namespace

WallMs SystemClock::wall_ms() const {
  return ms_since_epoch<std::chrono::system_clock>();
}
SteadyMs SystemClock::steady_ms() const {
  return ms_since_epoch<std::chrono::steady_clock>();
}

CivilTime civil_from_wall(WallMs time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{time_ms}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

WallMs wall_from_civil(const CivilTime& civil) {
  using namespace std::chrono;
  const sys_days day{year{civil.year} / month{static_cast<unsigned>(civil.month)} /
                     std::chrono::day{static_cast<unsigned>(civil.day)}};
  return duration_cast<milliseconds>(day.time_since_epoch() + hours{civil.hour} +
                                     minutes{civil.minute} + seconds{civil.second})
      .count();
}

std::string format_rfc3339(WallMs time_ms) {
  const CivilTime civil = civil_from_wall(time_ms);
  const int64_t ms = ((time_ms % 1000) + 1000) % 1000;
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", civil.year, civil.month,
                civil.day, civil.hour, civil.minute, civil.second, static_cast<int>(ms));
  return text;
}

}  // namespace bookstore::base
