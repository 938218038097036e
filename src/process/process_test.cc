#include "process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "base/status.h"
#include "http/client.h"
#include "telemetry/log.h"

namespace bookstore::process {
namespace {

using ::testing::HasSubstr;

// Gives the port that the process logged for its metrics.
class LoggedPort {
 public:
  LoggedPort() {
    telemetry::set_log_sink([this](const std::string& line) {
      const size_t at = line.find("event=metrics_listening port=");
      if (at != std::string::npos) port_ = std::stoi(line.substr(line.rfind('=') + 1));
    });
  }
  ~LoggedPort() { telemetry::set_log_sink(nullptr); }
  int port() const { return port_; }

 private:
  int port_ = 0;
};

std::unique_ptr<Process> make_process() {
  static const char* const arguments[] = {"fraud", "--listen", "127.0.0.1:0"};
  auto process = std::make_unique<Process>(
      Process::Config{.name = "fraud", .purpose = "Scores.", .listen = "127.0.0.1:7102"}, 3,
      arguments);
  EXPECT_EQ(process->parse(), std::nullopt);
  return process;
}

TEST(Process, ServesHealthReadinessAndMetricsOnItsOwnPort) {
  const LoggedPort logged;
  const auto process = make_process();
  ASSERT_TRUE(process->start().ok());
  process->metrics().counter("bookstore_test_total", "Test.").increment();
  http::Client client("127.0.0.1", logged.port(), process->clock());
  const auto get = [&](const char* target) {
    return *client.request("GET", target, {}, "", base::Deadline::after(process->clock(), 5'000));
  };
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_THAT(get("/metrics").body, HasSubstr("bookstore_test_total 1"));
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_THAT(get("/readyz").body, HasSubstr("\"reason\":\"starting\""));
  process->set_ready(true);
  EXPECT_EQ(get("/readyz").status, 200);
  process->readiness().ask("database", [] { return "connection refused"; });
  EXPECT_EQ(get("/readyz").body,
            R"({"ready":false,"checks":[{"name":"process","ready":true,"required":true},)"
            R"({"name":"database","ready":false,"required":true,)"
            R"("reason":"connection refused"}]})");
}

TEST(Process, TakesAllTheOpenFilesThatItMayHave) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit low{256, files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto process = make_process();
  rlimit now{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, files.rlim_max);
}

TEST(Process, ASignalDrainsAndEndsWithZero) {
  const LoggedPort logged;
  const auto process = make_process();
  ASSERT_TRUE(process->start().ok());
  kill(getpid(), SIGTERM);
  bool drained = false;
  const int exit_code = process->run_until_stopped([&](base::Deadline deadline) {
    drained = true;
    EXPECT_GT(deadline.remaining_ms(process->clock()), 5'000);
    EXPECT_FALSE(process->readiness().report().ready);
  });
  EXPECT_TRUE(drained);
  EXPECT_EQ(exit_code, 0);
}

TEST(Process, StopFromAnotherThreadEndsWithOne) {
  const auto process = make_process();
  std::thread stopper([&] { process->stop("the disk is gone"); });
  EXPECT_EQ(process->run_until_stopped([](base::Deadline) {}), 1);
  stopper.join();
}

TEST(Process, FailureIsOneSentence) {
  const auto process = make_process();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(process->fail(absl::AlreadyExistsError("the address x is already in use")), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "fraud: the address x is already in use\n");
}

}  // namespace
}  // namespace bookstore::process
