#include "cli/text.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace bookstore::cli {
namespace {

constexpr size_t kBarWidth = 24;

// Characters, not bytes: continuation bytes of UTF-8 are not counted.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string_view code(Colour colour) {
  switch (colour) {
    case Colour::kPlain:
      return "";
    case Colour::kBold:
      return "1";
    case Colour::kDim:
      return "2";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kRed:
      return "31";
    case Colour::kCyan:
      return "36";
  }
  return "";
}

void append_cell(std::string& line, const Cell& cell, size_t column_width, bool coloured) {
  line += paint(cell.colour, cell.text, coloured);
  line.append(column_width - width(cell.text) + 2, ' ');
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

}  // namespace

std::string paint(Colour colour, std::string_view text, bool coloured) {
  if (!coloured || colour == Colour::kPlain) return std::string(text);
  return "\x1b[" + std::string(code(colour)) + "m" + std::string(text) + "\x1b[0m";
}

std::string format_table(const std::vector<std::string>& header,
                         const std::vector<std::vector<Cell>>& rows, bool coloured) {
  std::vector<size_t> widths;
  for (const std::string& name : header) widths.push_back(width(name));
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i].text));

  std::string out;
  std::string line;
  for (size_t i = 0; i < header.size(); ++i)
    append_cell(line, {header[i], Colour::kDim}, widths[i], coloured);
  append_line(out, std::move(line));
  for (const auto& row : rows) {
    line.clear();
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
      append_cell(line, row[i], widths[i], coloured);
    append_line(out, std::move(line));
  }
  return out;
}

std::string format_bytes(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  if (bytes < 1000 * 1000) return absl::StrFormat("%d kB", bytes / 1000);
  if (bytes < 1000ull * 1000 * 1000)
    return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
  return absl::StrFormat("%.1f GB", static_cast<double>(bytes) / 1e9);
}

std::string format_duration(base::DurationMs duration_ms) {
  if (duration_ms < 1000) return absl::StrFormat("%d ms", duration_ms);
  const int64_t seconds = duration_ms / 1000;
  if (seconds < 10) return absl::StrFormat("%.1f s", static_cast<double>(duration_ms) / 1000);
  if (seconds < 60) return absl::StrFormat("%d s", seconds);
  if (seconds < 3600) return absl::StrFormat("%d min %d s", seconds / 60, seconds % 60);
  return absl::StrFormat("%d h %d min", seconds / 3600, seconds / 60 % 60);
}

std::string format_progress(const Progress& progress) {
  const uint64_t total = std::max(progress.total, progress.done);
  const size_t filled = total == 0 ? kBarWidth : kBarWidth * progress.done / total;
  std::string line =
      absl::StrFormat("%-10s [%s%s] %3d %%  %d/%d", progress.what, std::string(filled, '#'),
                      std::string(kBarWidth - filled, '-'),
                      total == 0 ? 100 : 100 * progress.done / total, progress.done, total);
  if (progress.elapsed_ms <= 0 || progress.done == 0) return line;
  const double per_second =
      1000.0 * static_cast<double>(progress.done) / static_cast<double>(progress.elapsed_ms);
  absl::StrAppendFormat(&line, "  %.0f/s", per_second);
  if (progress.done < total) {
    const auto left_ms = static_cast<base::DurationMs>(
        1000.0 * static_cast<double>(total - progress.done) / per_second);
    absl::StrAppendFormat(&line, "  %s left", format_duration(left_ms));
  }
  return line;
}

}  // namespace bookstore::cli
