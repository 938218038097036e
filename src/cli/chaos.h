#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bookstore::cli {

struct ChaosOptions {
  int rounds = 3;
  double rate_per_s = 50;
  int orchestrators = 2;
  std::vector<std::string> processes;  // to be killed in turn; empty: all
  std::filesystem::path model;
  bool own_model = false;
  bool keep = false;  // the folder, also when all went well
  bool as_json = false;
};

// `chaos`: kill -9 of every process in turn, the supervisor and the database included, while orders
// come in and their clients insist. On a platform of its own, which it starts and removes.
// 0: every invariant holds; 1: it could not be done; 2: an invariant is broken.
int chaos(const ChaosOptions& options);

}  // namespace bookstore::cli
