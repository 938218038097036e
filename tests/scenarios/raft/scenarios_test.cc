// Each scenario of *.txt beside this file is a test of its own name.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"
#include "tests/scenarios/raft/scenario.h"

namespace bookstore::raft_scenarios {
namespace {

class ScenarioTest : public ::testing::Test {
 public:
  explicit ScenarioTest(Scenario scenario) : scenario_(std::move(scenario)) {}
  void TestBody() override { EXPECT_EQ(run_scenario(scenario_), ""); }

 private:
  Scenario scenario_;
};

bool register_scenarios() {
  const std::filesystem::path folder =
      std::filesystem::path(BOOKSTORE_SOURCE_DIR) / "tests/scenarios/raft";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".txt") continue;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    for (const Scenario& scenario : parse_scenarios(text.str())) {
      ::testing::RegisterTest(file.path().stem().c_str(), scenario.name.c_str(), nullptr, nullptr,
                              __FILE__, __LINE__,
                              [=]() -> ScenarioTest* { return new ScenarioTest(scenario); });
    }
  }
  return true;
}

const bool kRegistered = register_scenarios();

TEST(Scenarios, AreThere) {
  EXPECT_TRUE(kRegistered);
}

TEST(Scenarios, AWrongExpectationFails) {
  const auto scenarios = parse_scenarios(
      "scenario wrong\nnodes 3\ncampaign 1\nrun\nexpect leader 2\nscenario unknown\nfly 1\n");
  ASSERT_EQ(scenarios.size(), 2u);
  EXPECT_EQ(run_scenario(scenarios[0]), "line 5: expect leader 2: leader: expected '2', is '1'");
  EXPECT_EQ(run_scenario(scenarios[1]), "line 7: fly 1: there is no word 'fly'");
}

}  // namespace
}  // namespace bookstore::raft_scenarios
