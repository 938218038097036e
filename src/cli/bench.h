#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bookstore::cli {

struct BenchOptions {
  std::filesystem::path state = "var";
  double rate_per_s = 100;
  int64_t load_s = 30;
  int64_t warm_up_s = 3;
  std::vector<std::string> doors;  // URLs of orchestrators; empty: all of the platform
  uint64_t seed = 1;
  int64_t connections_max = 1'000;
  std::filesystem::path model;  // for a platform of its own
  bool own_model = false;
  bool as_json = false;
};

// `bench checkout`. 0: measured, every invariant holds; 1: it could not be done; 2: an invariant
// is broken.
int bench_checkout(const BenchOptions& options);

}  // namespace bookstore::cli
