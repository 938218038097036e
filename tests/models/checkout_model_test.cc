// The smallest scope, whole, and two mutants: that the models run is a matter for every build.
#include "tests/models/checkout_model.h"

#include <gtest/gtest.h>

#include "tests/models/explorer.h"
#include "tests/models/scopes.h"

namespace bookstore::models {
namespace {

Report explore(std::string_view name, Mutant mutant = Mutant::kNone) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.scope.name != name) continue;
    Scope scope = scenario.scope;
    scope.mutant = mutant;
    CheckoutModel model(scope);
    return Explorer(model, {}).run();
  }
  ADD_FAILURE() << "no scope " << name;
  return {};
}

TEST(CheckoutModel, TheLastCopyIsSoldOnceAndEverythingEndsWell) {
  const Report report = explore("last-copy");
  EXPECT_EQ(report.violated, "") << testing::PrintToString(report.trace);
  EXPECT_TRUE(report.complete);
  EXPECT_GT(report.states, 10'000u);
}

TEST(CheckoutModel, ABrokenRuleIsFoundOnAShortestWay) {
  const Report report = explore("money", Mutant::kPrepareBeforeBegin);
  EXPECT_EQ(report.violated, "an aborted order holds stock");
  ASSERT_FALSE(report.trace.empty());
  EXPECT_LT(report.trace.size(), 10u) << testing::PrintToString(report.trace);
  EXPECT_EQ(report.trace.front(), "  orchestrator 0: looks up the key of client (0)");
}

TEST(CheckoutModel, AnAnswerBeforeTheOutcomeIsFound) {
  EXPECT_NE(explore("late", Mutant::kAnswerBeforeOutcome).violated, "");
}

TEST(CheckoutModel, EveryScopeOfAMutantExists) {
  for (const MutantCase& mutant : mutants()) {
    const bool found =
        std::any_of(scenarios().begin(), scenarios().end(),
                    [&](const Scenario& scenario) { return scenario.scope.name == mutant.scope; });
    EXPECT_TRUE(found) << mutant.name;
  }
}

}  // namespace
}  // namespace bookstore::models
