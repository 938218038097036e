#pragma once

#include <string>
#include <vector>

namespace bookstore::raft_scenarios {

// A named story in a scenario file (tests/scenarios/raft/README.md has the words).
struct Scenario {
  std::string name;
  std::vector<std::pair<int, std::string>> lines;  // number, text
};

std::vector<Scenario> parse_scenarios(const std::string& text);

// Empty when every expectation held, else "line N: …".
std::string run_scenario(const Scenario& scenario);

}  // namespace bookstore::raft_scenarios
