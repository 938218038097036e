#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace bookstore::cli {

// What people read. Colours only where `colour` is true (a terminal that NO_COLOR does not forbid).
enum class Colour { kPlain, kBold, kDim, kGreen, kYellow, kRed, kCyan };
std::string paint(Colour colour, std::string_view text, bool coloured);

struct Cell {
  std::string text;
  Colour colour = Colour::kPlain;
};

// Columns as wide as their widest cell, two spaces between, no trailing spaces; ends with a
// newline. Widths are in characters of UTF-8.
std::string format_table(const std::vector<std::string>& header,
                         const std::vector<std::vector<Cell>>& rows, bool coloured);

// "1.2 MB", "312 kB": for people.
std::string format_bytes(uint64_t bytes);
// "850 ms", "12 s", "3 min 20 s", "2 h 5 min".
std::string format_duration(base::DurationMs duration_ms);

// "catalogue  [########------------] 40 %  120/300  850/s  0.2 s left" without the newline.
struct Progress {
  std::string what;
  uint64_t done = 0;
  uint64_t total = 0;
  base::DurationMs elapsed_ms = 0;
};
std::string format_progress(const Progress& progress);

}  // namespace bookstore::cli
