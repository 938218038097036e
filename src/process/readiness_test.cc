#include "process/readiness.h"

#include <gtest/gtest.h>

namespace bookstore::process {
namespace {

TEST(Readiness, IsNotThereWhileOneRequiredPartHasAReason) {
  Readiness readiness;
  std::string database = "connection refused";
  readiness.set("process", "starting");
  readiness.ask("database", [&] { return database; });
  EXPECT_FALSE(readiness.report().ready);
  readiness.set("process", "");
  EXPECT_FALSE(readiness.report().ready);
  database.clear();
  EXPECT_TRUE(readiness.report().ready);
}

TEST(Readiness, ADegradedPartIsShownButDoesNotCount) {
  Readiness readiness;
  readiness.ask(
      "suggestions", [] { return "connection refused"; }, /*required=*/false);
  const auto report = readiness.report();
  EXPECT_TRUE(report.ready);
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_EQ(report.checks[0].reason, "connection refused");
}

}  // namespace
}  // namespace bookstore::process
