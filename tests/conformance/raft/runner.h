#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bookstore::raft_conformance {

struct FileResult {
  std::string file;  // "quorum/joint_vote.txt"
  size_t commands = 0;
  size_t passed = 0;
  std::string first_difference;  // empty when all passed
};

struct Results {
  std::vector<FileResult> files;  // by folder (quorum, confchange, interaction), then name
  size_t commands() const;
  size_t passed() const;
  bool all_passed() const { return !files.empty() && passed() == commands(); }
};

// BOOKSTORE_RAFT_CONFORMANCE, or shared/conformance/etcd-raft beside the project.
std::filesystem::path default_folder(const std::filesystem::path& source_dir);

// Every *.txt in quorum, confchange and interaction under `folder`; none when it is absent.
Results run_folder(const std::filesystem::path& folder);
FileResult run_file(const std::filesystem::path& file);

}  // namespace bookstore::raft_conformance
