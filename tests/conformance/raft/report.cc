#include "tests/conformance/raft/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iomanip>
#include <string_view>

namespace bookstore::raft_conformance {
namespace {

void print_json_string(std::string_view text, std::ostream& out) {
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out << escaped.data();
    } else {
      out << c;
    }
  }
  out << '"';
}

size_t files_passed(const Results& results) {
  return static_cast<size_t>(
      std::count_if(results.files.begin(), results.files.end(),
                    [](const FileResult& file) { return file.passed == file.commands; }));
}

}  // namespace

void print_table(const Results& results, std::ostream& out) {
  size_t width = 4;
  for (const FileResult& file : results.files) width = std::max(width, file.file.size());
  const auto row = [&](std::string_view file, const auto& commands, const auto& passed,
                       std::string_view difference) {
    out << std::left << std::setw(static_cast<int>(width)) << file << std::right << std::setw(10)
        << commands << std::setw(8) << passed;
    if (!difference.empty()) out << "  " << difference;
    out << "\n";
  };
  row("file", "commands", "passed", "first difference");
  for (const FileResult& file : results.files) {
    row(file.file, file.commands, file.passed, file.first_difference);
  }
  out << files_passed(results) << " of " << results.files.size() << " files, " << results.passed()
      << " of " << results.commands() << " commands\n";
}

void print_json(const Results& results, std::ostream& out) {
  out << "{\"commands\":" << results.commands() << ",\"passed\":" << results.passed()
      << ",\"files\":[";
  for (const FileResult& file : results.files) {
    if (&file != &results.files.front()) out << ",";
    out << "{\"file\":";
    print_json_string(file.file, out);
    out << ",\"commands\":" << file.commands << ",\"passed\":" << file.passed
        << ",\"first_difference\":";
    print_json_string(file.first_difference, out);
    out << "}";
  }
  out << "]}\n";
}

}  // namespace bookstore::raft_conformance
