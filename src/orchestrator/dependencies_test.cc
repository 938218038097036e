#include "orchestrator/dependencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "executor_client/fake_executor.h"

namespace bookstore::orchestrator {
namespace {

using ::testing::HasSubstr;

// Waits until `reached`, at most ten seconds.
template <class Condition>
bool eventually(const base::Clock& clock, Condition reached) {
  const auto deadline = base::Deadline::after(clock, 10'000);
  while (!deadline.passed(clock)) {
    if (reached()) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(Dependencies, AServiceIsReadyWhileOneOfItsAddressesServes) {
  base::SystemClock clock;
  executor_client::FakeExecutor executor;
  const std::string address = executor.start(clock);
  process::Readiness readiness;
  const Dependencies dependencies(
      {{"executor", {"127.0.0.1:1", address}, true}, {"fraud", {"127.0.0.1:1"}, false}}, readiness,
      clock);
  EXPECT_TRUE(eventually(clock, [&] { return readiness.report().ready; }));
  EXPECT_TRUE(eventually(clock, [&] {
    return readiness.report().checks.at(1).reason == "127.0.0.1:1 cannot be reached";
  }));

  executor.server->set_serving(false);
  EXPECT_TRUE(eventually(clock, [&] { return !readiness.report().ready; }));
  EXPECT_THAT(readiness.report().checks.at(0).reason,
              HasSubstr(address + " says that it does not serve"));
  executor.server->set_serving(true);
  EXPECT_TRUE(eventually(clock, [&] { return readiness.report().ready; }));
}

}  // namespace
}  // namespace bookstore::orchestrator
