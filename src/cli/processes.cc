#include "cli/processes.h"

#include <charconv>
#include <fstream>
#include <map>
#include <optional>
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

// The fourth field; the second, the name in parentheses, may hold anything.
std::optional<pid_t> parent_of(pid_t pid) {
  std::string text;
  std::getline(std::ifstream(proc(pid) / "stat"), text);
  const size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos || name_end + 4 >= text.size()) return std::nullopt;
  pid_t parent = 0;
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
  return parent;
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
  std::multimap<pid_t, pid_t> children;
  for (const pid_t process : all_processes())
    if (const auto parent = parent_of(process)) children.emplace(*parent, process);
  uint64_t bytes = 0;
  std::vector<pid_t> left = {pid};
  while (!left.empty()) {
    const pid_t next = left.back();
    left.pop_back();
    bytes += own_memory(next);
    for (auto [child, end] = children.equal_range(next); child != end; ++child)
      left.push_back(child->second);
  }
  return bytes;
}

}  // namespace bookstore::cli
