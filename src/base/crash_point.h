#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durable_writes.h"

// Places where a test may end this process as kill -9 would: directly before and directly after
// each durable write (docs/adr/0010-crash-points.md).
//   BOOKSTORE_CRASH_BEFORE(kClaim);
//   … the write …; only when it succeeded:
//   BOOKSTORE_CRASH_AFTER(kClaim);
// A name that is not in durable_writes.h does not compile. Without the build option
// BOOKSTORE_CRASH_POINTS, which a release build refuses, nothing is left of them.
// Where one place makes several of the writes, the argument is an expression:
//   BOOKSTORE_CRASH_BEFORE_ONE(write_of(ask));
#ifdef BOOKSTORE_CRASH_POINTS
#define BOOKSTORE_CRASH_BEFORE_ONE(write) \
  ::bookstore::base::pass_crash_point({write, ::bookstore::base::CrashSide::kBefore})
#define BOOKSTORE_CRASH_AFTER_ONE(write) \
  ::bookstore::base::pass_crash_point({write, ::bookstore::base::CrashSide::kAfter})
#else
#define BOOKSTORE_CRASH_BEFORE_ONE(write) \
  do {                                    \
    if (false) static_cast<void>(write);  \
  } while (false)
#define BOOKSTORE_CRASH_AFTER_ONE(write) BOOKSTORE_CRASH_BEFORE_ONE(write)
#endif
#define BOOKSTORE_CRASH_BEFORE(write) \
  BOOKSTORE_CRASH_BEFORE_ONE(::bookstore::base::DurableWrite::write)
#define BOOKSTORE_CRASH_AFTER(write) \
  BOOKSTORE_CRASH_AFTER_ONE(::bookstore::base::DurableWrite::write)

namespace bookstore::base {

enum class CrashSide : uint8_t { kBefore, kAfter };

struct CrashPoint {
  DurableWrite write;
  CrashSide side;
  friend bool operator==(const CrashPoint&, const CrashPoint&) = default;
};

// "claim.before"
std::string name_of(CrashPoint point);
std::optional<CrashPoint> crash_point_named(std::string_view name);
// Each write of the registry, before and after.
std::vector<CrashPoint> all_crash_points();

// At the `passing`-th passing, counted in each process from when it first sees the plan.
struct ArmedPoint {
  CrashPoint point;
  int passing = 1;
};
// A plan is a text of one "point[:passing]" a line; lines that start with # are names for people
// (and make two plans different). Nothing when a line is neither.
std::optional<std::vector<ArmedPoint>> parse_crash_plan(std::string_view text);

// What a process and a test share: a folder with the file `plan`. Its points are armed one after
// the other; whoever passes the armed one makes the file `fired-N` (O_EXCL, synced) for the N-th
// of the plan, and dies. So each fires once, in one process, however often that is started again.
// Any thread.
class CrashSwitch {
 public:
  explicit CrashSwitch(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Does not return when it was armed.
  void pass(CrashPoint point);

  static std::filesystem::path plan_file(const std::filesystem::path& folder);
  static std::filesystem::path fired_file(const std::filesystem::path& folder, size_t number);

 private:
  bool due(CrashPoint point, size_t& number);

  const std::filesystem::path folder_;
  std::mutex mutex_;              // guards what follows
  std::string plan_;              // as last read
  std::map<size_t, int> passed_;  // number in the plan → passings seen
};

#ifdef BOOKSTORE_CRASH_POINTS
// Of this process: its folder is BOOKSTORE_CRASH_FOLDER; without one nothing is ever armed.
void pass_crash_point(CrashPoint point);
#endif

}  // namespace bookstore::base
