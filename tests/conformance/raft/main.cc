// ./bookstore conformance raft: replays etcd-raft's scripts against src/raft.
#include <cstring>
#include <iostream>

#include "tests/conformance/raft/report.h"
#include "tests/conformance/raft/runner.h"

namespace {

constexpr const char* kUsage =
    R"(usage: ./bookstore conformance raft [--data FOLDER] [--json] [FILE…]

Replays the data-driven scripts of etcd-io/raft against src/raft and compares what they say about
messages, entries, hard and soft state, roles, logs and progress. Lines that the Go library logs
are its own wording and are left out.

  --data FOLDER  a folder with quorum/, confchange/ and interaction/ (default:
                 $BOOKSTORE_RAFT_CONFORMANCE, or ../shared/conformance/etcd-raft beside the project)
  --json         the table for programs
  FILE           these scripts only

exits 0 when everything agrees, 1 on any difference, 2 when there is nothing to run
)";

int usage_error(const std::string& what) {
  std::cerr << "conformance raft: " << what << "\n" << kUsage;
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bookstore::raft_conformance;
  std::filesystem::path folder = default_folder(BOOKSTORE_SOURCE_DIR);
  std::vector<std::filesystem::path> files;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      std::cout << kUsage;
      return 0;
    }
    if (argument == "--json") {
      json = true;
    } else if (argument == "--data") {
      if (++i == argc) return usage_error("--data needs a folder");
      folder = argv[i];
    } else if (argument.starts_with("--data=")) {
      folder = argument.substr(std::strlen("--data="));
    } else if (argument.starts_with("-")) {
      return usage_error("unknown option " + argument);
    } else {
      files.emplace_back(argument);
    }
  }

  Results results;
  for (const auto& file : files) results.files.push_back(run_file(file));
  if (files.empty()) results = run_folder(folder);
  if (results.files.empty()) {
    std::cerr << "conformance raft: no scripts in " << folder.string()
              << "; --data FOLDER names a copy of etcd-raft's testdata\n";
    return 2;
  }
  (json ? print_json : print_table)(results, std::cout);
  return results.all_passed() ? 0 : 1;
}
