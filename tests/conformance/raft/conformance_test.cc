// etcd-raft's own scripts judge src/raft. They lie beside the project and are no part of it: where
// they are absent there is nothing to run.
#include <sstream>

#include "gtest/gtest.h"
#include "tests/conformance/raft/report.h"
#include "tests/conformance/raft/runner.h"

namespace bookstore::raft_conformance {
namespace {

TEST(Conformance, EveryScriptAgrees) {
  const auto folder = default_folder(BOOKSTORE_SOURCE_DIR);
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no scripts in " << folder;
  const Results results = run_folder(folder);
  std::ostringstream table;
  print_table(results, table);
  EXPECT_TRUE(results.all_passed()) << table.str();
}

TEST(Conformance, AnAbsentFolderHasNothingToRun) {
  EXPECT_TRUE(run_folder("/nonexistent/etcd-raft").files.empty());
}

}  // namespace
}  // namespace bookstore::raft_conformance
