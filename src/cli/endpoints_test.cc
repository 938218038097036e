#include "cli/endpoints.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/clock.h"
#include "cli/services.h"

namespace bookstore::cli {
namespace {

// A file that goes with the test.
class EndpointsFile : public ::testing::Test {
 protected:
  ~EndpointsFile() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ =
      std::filesystem::path(::testing::TempDir()) /
      ("endpoints-" + std::to_string(base::SystemClock().steady_ms()) + ".json");
};

Endpoints several(int orchestrators) {
  return {.http_port = 18'080,
          .orchestrators = orchestrators,
          .database = "postgresql:///x",
          .key_file = "/k",
          .grpc = default_ports()};
}

TEST_F(EndpointsFile, BringsBackWhatWasWritten) {
  for (const int orchestrators : {1, 2, kOrchestratorsMax}) {
    const Endpoints written = several(orchestrators);
    ASSERT_TRUE(write_endpoints(path_, written).ok());
    const auto read = read_endpoints(path_);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, written);
  }
}

TEST_F(EndpointsFile, OfAPlatformThatKnewOneOrchestratorOnlyMeansOne) {
  ASSERT_TRUE(write_file(path_, R"({"http":"http://127.0.0.1:8080","database":"d","key_file":"k",)"
                                R"("services":{"payment":{"grpc":"127.0.0.1:7105"}}})")
                  .ok());
  const auto read = read_endpoints(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->orchestrators, 1);
  EXPECT_EQ(read->http_url(), "http://127.0.0.1:8080");
}

TEST(Services, SeveralOrchestratorsDifferInNamePortAndClockHost) {
  const Endpoints endpoints = several(2);
  const StateDir state(::testing::TempDir());
  const auto doors = service_groups(endpoints.orchestrators).back();
  ASSERT_EQ(doors.size(), 2u);
  EXPECT_EQ(doors[0].name, "orchestrator-1");
  EXPECT_EQ(doors[1].name, "orchestrator-2");
  EXPECT_EQ(readiness_port(doors[1], endpoints), 18'081);
  const auto argv = service_spec(doors[1], endpoints, state, "").child.argv;
  const std::vector<std::string> expected = {"--listen", "127.0.0.1:18081", "--clock-host",
                                             "orchestrator-2"};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), argv.begin() + 1, argv.end()));
}

TEST(Services, AloneItIsTheOrchestrator) {
  const auto doors = service_groups().back();
  ASSERT_EQ(doors.size(), 1u);
  EXPECT_EQ(doors[0].name, "orchestrator");
}

}  // namespace
}  // namespace bookstore::cli
