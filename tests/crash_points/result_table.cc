#include "result_table.h"

#include <algorithm>
#include <sstream>

namespace bookstore::crash_points {
namespace {

constexpr char kNotReached[] = "–";

std::string trim(std::string text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The cells of "| a | b |".
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  std::string cell;
  std::getline(in, cell, '|');
  while (std::getline(in, cell, '|')) cells.push_back(trim(cell));
  return cells;
}

struct Range {
  size_t begin, end;  // of what is between the markers
};
std::optional<Range> find_table(const std::string& page) {
  const size_t begin = page.find(kTableBegin);
  const size_t end = page.find(kTableEnd);
  if (begin == page.npos || end == page.npos || end < begin) return std::nullopt;
  return Range{begin + std::string(kTableBegin).size(), end};
}

}  // namespace

std::string render_table(const Results& ran) {
  Results results;
  for (const Case& one : all_cases()) results[one.name()] = "not run";
  for (const auto& [name, result] : ran) results[name] = result;
  std::string header = "| process | dies |";
  std::string line = "|---|---|";
  for (const Scenario scenario : kScenarios) {
    std::string title(name_of(scenario));
    std::replace(title.begin(), title.end(), '_', ' ');
    header += " " + title + " |";
    line += "---|";
  }
  std::string text = "\n" + header + "\n" + line + "\n";
  for (const base::CrashPoint point : base::all_crash_points()) {
    text += "| " + std::string(info(point.write).process) + " | " + base::name_of(point) + " |";
    for (const Scenario scenario : kScenarios) {
      const auto result = results.find(Case{point, scenario, {}}.name());
      const bool reached = result != results.end();
      text += " " + (reached ? result->second : kNotReached) + " |";
    }
    text += "\n";
  }
  return text;
}

std::optional<std::string> replace_table(const std::string& page, const std::string& table) {
  const auto range = find_table(page);
  if (!range) return std::nullopt;
  return page.substr(0, range->begin) + table + page.substr(range->end);
}

std::optional<Results> read_table(const std::string& page) {
  const auto range = find_table(page);
  if (!range) return std::nullopt;
  Results results;
  std::istringstream lines(page.substr(range->begin, range->end - range->begin));
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != 2 + kScenarios.size() || !base::crash_point_named(cells[1])) continue;
    for (size_t i = 0; i < kScenarios.size(); ++i) {
      if (cells[2 + i] == kNotReached) continue;
      results[cells[1] + "/" + std::string(name_of(kScenarios[i]))] = cells[2 + i];
    }
  }
  return results;
}

}  // namespace bookstore::crash_points
