#include "base/crash_point.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace bookstore::base {
namespace {

constexpr std::string_view kBeforeSuffix = ".before";
constexpr std::string_view kAfterSuffix = ".after";

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void sync_path(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

// False: somebody else has made it.
bool make_marker(const std::filesystem::path& marker, const std::string& text) {
  const int fd = open(marker.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  fsync(fd);
  close(fd);
  sync_path(marker.parent_path());
  return written;
}

}  // namespace

std::string name_of(CrashPoint point) {
  return std::string(info(point.write).name) +
         std::string(point.side == CrashSide::kBefore ? kBeforeSuffix : kAfterSuffix);
}

std::optional<CrashPoint> crash_point_named(std::string_view name) {
  for (const CrashPoint point : all_crash_points()) {
    if (name_of(point) == name) return point;
  }
  return std::nullopt;
}

std::vector<CrashPoint> all_crash_points() {
  std::vector<CrashPoint> all;
  for (size_t i = 0; i < kDurableWriteCount; ++i) {
    all.push_back({static_cast<DurableWrite>(i), CrashSide::kBefore});
    all.push_back({static_cast<DurableWrite>(i), CrashSide::kAfter});
  }
  return all;
}

std::optional<std::vector<ArmedPoint>> parse_crash_plan(std::string_view text) {
  std::vector<ArmedPoint> plan;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    int passing = 1;
    if (const size_t colon = line.find(':'); colon != line.npos) {
      const std::string_view number = line.substr(colon + 1);
      const auto [rest, error] =
          std::from_chars(number.data(), number.data() + number.size(), passing);
      if (error != std::errc() || rest != number.data() + number.size() || passing < 1) {
        return std::nullopt;
      }
      line = line.substr(0, colon);
    }
    const auto point = crash_point_named(line);
    if (!point) return std::nullopt;
    plan.push_back({*point, passing});
  }
  return plan;
}

std::filesystem::path CrashSwitch::plan_file(const std::filesystem::path& folder) {
  return folder / "plan";
}

std::filesystem::path CrashSwitch::fired_file(const std::filesystem::path& folder, size_t number) {
  return folder / ("fired-" + std::to_string(number));
}

bool CrashSwitch::due(CrashPoint point, size_t& number) {
  const std::lock_guard lock(mutex_);
  std::string text = read_text(plan_file(folder_));
  if (text != plan_) {
    plan_ = std::move(text);
    passed_.clear();
  }
  const auto plan = parse_crash_plan(plan_);
  BOOKSTORE_CHECK(plan.has_value(), "not a plan of crash points: ", plan_);
  for (number = 1; number <= plan->size(); ++number) {
    if (std::filesystem::exists(fired_file(folder_, number))) continue;
    const ArmedPoint& armed = (*plan)[number - 1];
    return armed.point == point && ++passed_[number] >= armed.passing;
  }
  return false;
}

void CrashSwitch::pass(CrashPoint point) {
  size_t number = 0;
  if (!due(point, number)) return;
  const std::string said = name_of(point) + " " + std::to_string(getpid()) + "\n";
  if (make_marker(fired_file(folder_, number), said)) raise(SIGKILL);
}

#ifdef BOOKSTORE_CRASH_POINTS
void pass_crash_point(CrashPoint point) {
  static CrashSwitch* const chosen = [] {
    const char* folder = std::getenv("BOOKSTORE_CRASH_FOLDER");
    return folder == nullptr ? nullptr : new CrashSwitch(folder);
  }();
  if (chosen != nullptr) chosen->pass(point);
}
#endif

}  // namespace bookstore::base
