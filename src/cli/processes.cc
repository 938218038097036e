#include "cli/processes.h"

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace bookstore::cli {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> all_processes() {
  std::vector<pid_t> processes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr ==
        name.data() + name.size())
      processes.push_back(pid);
  }
  return processes;
}

fs::path proc(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

// The numbers of /proc/PID/stat from the fourth field on; the second, the name in parentheses, may
// hold anything.
std::vector<uint64_t> numbers_of(pid_t pid) {
  std::string text;
  std::getline(std::ifstream(proc(pid) / "stat"), text);
  const size_t name_end = text.rfind(") ");
  std::vector<uint64_t> numbers;
  if (name_end == std::string::npos || name_end + 4 >= text.size()) return numbers;
  std::istringstream rest(text.substr(name_end + 4));
  for (int64_t number = 0; rest >> number;) numbers.push_back(static_cast<uint64_t>(number));
  return numbers;
}

std::optional<pid_t> parent_of(pid_t pid) {
  const std::vector<uint64_t> numbers = numbers_of(pid);
  if (numbers.empty()) return std::nullopt;
  return static_cast<pid_t>(numbers[0]);
}

// utime, stime and the same of children that were waited for: fields 14 to 17.
uint64_t own_cpu_ms(pid_t pid) {
  const std::vector<uint64_t> numbers = numbers_of(pid);
  if (numbers.size() < 14) return 0;
  uint64_t ticks = 0;
  for (size_t i = 10; i < 14; ++i) ticks += numbers[i];
  return ticks * 1'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
}

uint64_t own_memory(pid_t pid) {
  std::ifstream file(proc(pid) / "smaps_rollup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Pss:")) continue;
    const size_t digits = line.find_first_of("0123456789");
    return digits == std::string::npos ? 0 : std::stoull(line.substr(digits)) * 1024;
  }
  return 0;
}

std::vector<pid_t> with_descendants(pid_t pid) {
  std::multimap<pid_t, pid_t> children;
  for (const pid_t process : all_processes())
    if (const auto parent = parent_of(process)) children.emplace(*parent, process);
  std::vector<pid_t> all = {pid};
  for (size_t next = 0; next < all.size(); ++next)
    for (auto [child, end] = children.equal_range(all[next]); child != end; ++child)
      all.push_back(child->second);
  return all;
}

}  // namespace

std::vector<pid_t> processes_in(const fs::path& folder) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    std::error_code error;
    if (fs::read_symlink(proc(pid) / "cwd", error) == folder && !error) found.push_back(pid);
  }
  return found;
}

uint64_t proportional_memory(pid_t pid) {
  uint64_t bytes = 0;
  for (const pid_t process : with_descendants(pid)) bytes += own_memory(process);
  return bytes;
}

uint64_t cpu_time_ms(pid_t pid) {
  uint64_t time_ms = 0;
  for (const pid_t process : with_descendants(pid)) time_ms += own_cpu_ms(process);
  return time_ms;
}

uint64_t own_cpu_time_ms() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000 +
         static_cast<uint64_t>(used.tv_nsec) / 1'000'000;
}

uint64_t own_memory_bytes() {
  return own_memory(getpid());
}

}  // namespace bookstore::cli
