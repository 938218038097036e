#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cases.h"

// The table of docs/failure-model.md between its markers: a row a point, a column a scenario.
namespace bookstore::crash_points {

inline constexpr char kTableBegin[] =
    "<!-- crash-points: written by the whole run of the suite -->";
inline constexpr char kTableEnd[] = "<!-- /crash-points -->";

// Case name → "completed, 1 capture".
using Results = std::map<std::string, std::string>;

std::string render_table(const Results& results);
// The page with another table; nothing when it has no markers.
std::optional<std::string> replace_table(const std::string& page, const std::string& table);
// Which cases the page's table has a result for; nothing when it has no markers.
std::optional<Results> read_table(const std::string& page);

}  // namespace bookstore::crash_points
