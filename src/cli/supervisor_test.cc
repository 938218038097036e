#include "cli/supervisor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "base/clock.h"

namespace bookstore::cli {
namespace {

namespace fs = std::filesystem;

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest()
      : folder_(fs::temp_directory_path() / ("supervisor_test." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~SupervisorTest() override { fs::remove_all(folder_); }

  ServiceSpec service(const std::string& name, const std::string& script) const {
    return {.name = name, .child = {.argv = {"/bin/sh", "-c", script}}};
  }
  base::Deadline soon() const { return base::Deadline::after(clock_, 20'000); }

  const fs::path folder_;
  const base::SystemClock clock_;
  base::SeededRandom random_{1};
  LogBook logs_{folder_};
};

// A shell that waits for its standard input would end at once: it is /dev/null. `tail -f` stays.
constexpr char kStays[] = "exec tail -f /dev/null";

TEST_F(SupervisorTest, AKilledServiceIsStartedAgainAndTheOthersAreLeftAlone) {
  Supervisor supervisor(logs_, clock_, random_);
  supervisor.start(service("victim", kStays));
  supervisor.start(service("other", kStays));
  const auto running = [](const ServiceView& view) { return view.state == ServiceState::kRunning; };
  ASSERT_TRUE(supervisor.wait("victim", running, soon()));
  ASSERT_TRUE(supervisor.wait("other", running, soon()));
  const pid_t first = supervisor.service("victim").pid;
  const pid_t other = supervisor.service("other").pid;

  kill(first, SIGKILL);
  ASSERT_TRUE(supervisor.wait(
      "victim", [&](const ServiceView& view) { return running(view) && view.pid != first; },
      soon()));
  EXPECT_EQ(supervisor.service("victim").ends, 1);
  EXPECT_EQ(supervisor.service("victim").last_exit, "killed by signal 9 (Killed)");
  EXPECT_EQ(supervisor.service("other").pid, other);
}

TEST_F(SupervisorTest, AServiceThatCannotRunKeepsItsLastWords) {
  Supervisor supervisor(logs_, clock_, random_);
  supervisor.start(service("broken", "echo the model file is wrong; exit 1"));
  ASSERT_TRUE(supervisor.wait(
      "broken", [](const ServiceView& view) { return view.ends >= 2; }, soon()));
  EXPECT_EQ(logs_.last_line("broken"), "the model file is wrong");
  EXPECT_EQ(supervisor.service("broken").last_exit, "exit code 1");
  supervisor.stop({"broken"});
  EXPECT_EQ(supervisor.service("broken").state, ServiceState::kStopped);
}

TEST_F(SupervisorTest, AStoppedServiceIsAskedFirstAndStaysDown) {
  Supervisor supervisor(logs_, clock_, random_);
  supervisor.start(service(
      "polite",
      "trap 'echo drained; exit 0' TERM; echo up; while :; do tail -f /dev/null & wait; done"));
  while (logs_.last_line("polite") != "up")
    ASSERT_FALSE(supervisor.wait(
        "polite", [](const ServiceView& view) { return view.ends > 0; },
        base::Deadline::after(clock_, 1)));
  supervisor.stop({"polite"});
  EXPECT_EQ(logs_.last_line("polite"), "drained");
  EXPECT_EQ(supervisor.service("polite").state, ServiceState::kStopped);
  EXPECT_EQ(supervisor.service("polite").ends, 0);
}

TEST_F(SupervisorTest, AServiceThatIgnoresTheRequestIsKilledAfterItsGrace) {
  Supervisor supervisor(logs_, clock_, random_);
  ServiceSpec stubborn =
      service("stubborn", "trap '' TERM; echo up; while :; do read x; done < /dev/zero");
  stubborn.stop_grace_ms = 10;
  supervisor.start(stubborn);
  ASSERT_TRUE(supervisor.wait(
      "stubborn", [](const ServiceView& view) { return view.pid > 0; }, soon()));
  supervisor.stop({"stubborn"});
  EXPECT_EQ(supervisor.service("stubborn").state, ServiceState::kStopped);
}

TEST_F(SupervisorTest, NothingStartsBeforeWhatIsLeftOfTheLastRunHasEnded) {
  Supervisor supervisor(logs_, clock_, random_);
  std::atomic<int> asked = 0;
  ServiceSpec database = service("database", kStays);
  database.may_start = [&asked] { return ++asked >= 3; };
  supervisor.start(database);
  ASSERT_TRUE(supervisor.wait(
      "database", [](const ServiceView& view) { return view.pid > 0; }, soon()));
  EXPECT_EQ(asked, 3);
}

TEST_F(SupervisorTest, EveryChangeIsToldToTheListener) {
  std::atomic<bool> seen_running = false;
  std::atomic<bool> seen_stopped = false;
  {
    Supervisor supervisor(logs_, clock_, random_);
    supervisor.on_change([&](const std::vector<ServiceView>& views) {
      for (const ServiceView& view : views) {
        if (view.state == ServiceState::kRunning) seen_running = true;
        if (view.state == ServiceState::kStopped) seen_stopped = true;
      }
    });
    supervisor.start(service("one", kStays));
    ASSERT_TRUE(supervisor.wait(
        "one", [](const ServiceView& view) { return view.pid > 0; }, soon()));
    supervisor.stop({"one"});
  }
  EXPECT_TRUE(seen_running);
  EXPECT_TRUE(seen_stopped);
}

}  // namespace
}  // namespace bookstore::cli
