#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/shop.h"

namespace bookstore::cli {

// One thing that a shop must do right: what should come of it in one line, and a way to see what
// does, in the same words.
struct DemoStep {
  std::string name;
  std::string expected;
  std::function<absl::StatusOr<std::string>()> play;
};

// Seven orders: a good one, and six that must end otherwise. Repeatable: shoppers are new each
// time. The shop, clock and random must outlive the steps.
std::vector<DemoStep> demo_steps(Shop& shop, const base::Clock& clock, base::Random& random);

// Plays them against the platform of this folder; 0 when all came out as expected.
int demo(const std::filesystem::path& state);

}  // namespace bookstore::cli
