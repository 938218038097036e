#include "tests/conformance/raft/runner.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include "tests/conformance/raft/comparison.h"
#include "tests/conformance/raft/script.h"
#include "tests/conformance/raft/suite.h"

namespace bookstore::raft_conformance {
namespace {

std::unique_ptr<Suite> suite_for(const std::string& folder) {
  if (folder == "quorum") return make_quorum_suite();
  if (folder == "confchange") return make_confchange_suite();
  return make_interaction_suite();
}

std::vector<std::filesystem::path> scripts_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

size_t Results::commands() const {
  return std::accumulate(files.begin(), files.end(), size_t{0},
                         [](size_t sum, const FileResult& file) { return sum + file.commands; });
}

size_t Results::passed() const {
  return std::accumulate(files.begin(), files.end(), size_t{0},
                         [](size_t sum, const FileResult& file) { return sum + file.passed; });
}

std::filesystem::path default_folder(const std::filesystem::path& source_dir) {
  const char* named = std::getenv("BOOKSTORE_RAFT_CONFORMANCE");
  if (named != nullptr && *named != '\0') return named;
  return (source_dir / "../shared/conformance/etcd-raft").lexically_normal();
}

Results run_folder(const std::filesystem::path& folder) {
  Results results;
  for (const char* name : {"quorum", "confchange", "interaction"}) {
    for (const auto& file : scripts_in(folder / name)) results.files.push_back(run_file(file));
  }
  return results;
}

FileResult run_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  const std::string folder = file.parent_path().filename().string();
  FileResult result{folder + "/" + file.filename().string(), 0, 0, ""};
  const std::unique_ptr<Suite> suite = suite_for(folder);
  for (const Command& command : parse_script(text.str())) {
    ++result.commands;
    const std::string expected = suite->significant(command.expected);
    const std::string got =
        suite->significant(command.name.empty() ? command.input : suite->run(command));
    if (expected == got) {
      ++result.passed;
    } else if (result.first_difference.empty()) {
      result.first_difference = std::to_string(command.line) + ": " + command.name + ": " +
                                first_difference(expected, got);
    }
  }
  return result;
}

}  // namespace bookstore::raft_conformance
