// The cases, the registry of durable writes and the table in docs/failure-model.md agree. (What is
// in the table is a matter of the suite `crash-points`.)
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "cases.h"
#include "result_table.h"

namespace bookstore::crash_points {
namespace {

std::set<std::string> names(const std::vector<Case>& cases) {
  std::set<std::string> all;
  for (const Case& one : cases) all.insert(one.name());
  return all;
}

TEST(CrashCases, EveryPointOfTheRegistryHasACase) {
  std::set<std::string> points;
  for (const Case& one : all_cases()) points.insert(base::name_of(one.point));
  for (const base::CrashPoint point : base::all_crash_points())
    EXPECT_EQ(points.count(base::name_of(point)), 1u) << base::name_of(point);
  EXPECT_EQ(names(all_cases()).size(), all_cases().size()) << "a case twice";
}

TEST(CrashCases, EachPlanCanBeRead) {
  for (const Case& one : all_cases()) {
    const auto plan = base::parse_crash_plan(one.plan());
    ASSERT_TRUE(plan.has_value()) << one.name();
    EXPECT_EQ(plan->size(), one.lead_in.size() + 1);
    EXPECT_EQ(plan->back().point, one.point);
  }
}

TEST(CrashCases, ASliceHasEveryProcessAndDiffersBySeed) {
  const std::vector<Case> all = all_cases();
  const auto one = slice(all, "4f0e9a", 12);
  EXPECT_EQ(one.size(), 12u);
  EXPECT_EQ(names(one).size(), 12u);
  std::set<std::string_view> processes, expected;
  for (const Case& chosen : one) processes.insert(info(chosen.point.write).process);
  for (const auto& write : base::kDurableWrites) expected.insert(write.process);
  EXPECT_EQ(processes, expected);
  EXPECT_EQ(names(one), names(slice(all, "4f0e9a", 12)));
  EXPECT_NE(names(one), names(slice(all, "b71c22", 12)));
  EXPECT_EQ(slice(all, "x", 10'000).size(), all.size());
}

TEST(CrashTable, WhatIsRenderedCanBeReadAgain) {
  Results results;
  for (const Case& one : all_cases()) results[one.name()] = "completed, 1 capture";
  const std::string page = std::string("before\n") + kTableBegin + "old" + kTableEnd + "\nafter\n";
  const auto replaced = replace_table(page, render_table(results));
  ASSERT_TRUE(replaced.has_value());
  EXPECT_EQ(read_table(*replaced), results);
  EXPECT_EQ(replaced->substr(replaced->size() - 7), "\nafter\n");
  EXPECT_FALSE(replace_table("no markers", "").has_value());
}

TEST(CrashTable, ThePageShowsAResultOfEveryCase) {
  std::ifstream in(std::string(BOOKSTORE_SOURCE_DIR) + "/docs/failure-model.md");
  std::ostringstream page;
  page << in.rdbuf();
  const auto shown = read_table(page.str());
  ASSERT_TRUE(shown.has_value()) << "docs/failure-model.md has lost its table's markers";
  std::set<std::string> cases;
  for (const auto& [name, result] : *shown) cases.insert(name);
  EXPECT_EQ(cases, names(all_cases()))
      << "run `./bookstore test --suite crash-points`: the whole run writes the table";
}

}  // namespace
}  // namespace bookstore::crash_points
