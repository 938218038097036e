// kill -9 of the executor, again and again, under twenty orders a second: every order that was
// answered 202 ends, is charged exactly once if it is completed, and nothing else was charged.
// Runs a whole platform of its own; `./bookstore test --suite executor-kill`.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "cli/audit.h"
#include "cli/child.h"
#include "cli/ports.h"
#include "cli/shop.h"
#include "cli/state_dir.h"
#include "cli/status_file.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr int kShoppers = 5;
constexpr int kOrdersPerShopper = 60;
constexpr base::DurationMs kOrderEveryMs = 250;  // each shopper: four a second
constexpr int kKills = 4;
constexpr base::DurationMs kEndMs = 120'000;

// A platform in a temporary folder, started through the command line as a user would.
class TestPlatform {
 public:
  explicit TestPlatform(const std::string& model) {
    std::string folder = "/tmp/bookstore-kill-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
    state_ = std::make_unique<StateDir>(folder);
    base::SystemRandom random;
    const auto port = choose_free_ports({{"http", 0}}, random);
    EXPECT_TRUE(port.ok());
    started_ =
        run({"up", "--detach", "--http", std::to_string(port->at("http")), "--model", model});
  }
  ~TestPlatform() {
    run({"down"});
    std::error_code ignored;
    std::filesystem::remove_all(state_->path(), ignored);
  }
  bool started() const { return started_; }
  const StateDir& state() const { return *state_; }
  pid_t pid_of(const std::string& service) const {
    const auto status = read_status_file(state_->status());
    if (!status.ok()) return -1;
    for (const ServiceView& view : status->services)
      if (view.name == service) return view.pid;
    return -1;
  }

 private:
  bool run(std::vector<std::string> arguments) const {
    ChildSpec spec{.argv = {BOOKSTORE_BINARY}};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.argv.insert(spec.argv.end(), {"--state", state_->path().string()});
    const auto finished = run_to_end(spec);
    if (finished.ok() && finished->ok()) return true;
    ADD_FAILURE() << arguments[0] << ": " << (finished.ok() ? finished->output : "cannot run");
    return false;
  }

  std::unique_ptr<StateDir> state_;
  bool started_ = false;
};

// What the shoppers heard.
struct Answers {
  std::mutex mutex;  // guards both
  std::vector<std::string> accepted;
  std::map<std::string, int> refused;  // status and code → how often
};

void note(const absl::StatusOr<http::Response>& answer, Answers& answers) {
  const std::lock_guard lock(answers.mutex);
  const auto body =
      answer.ok() ? json::parse(answer->body) : absl::StatusOr<json::Value>(answer.status());
  if (!body.ok()) {
    ++answers.refused["no answer"];
  } else if (answer->status == 202) {
    answers.accepted.push_back(text_at(*body, "/id"));
  } else {
    ++answers.refused[std::to_string(answer->status) + " " + text_at(*body, "/code")];
  }
}

void shop_steadily(const Endpoints& endpoints, Answers& answers) {
  const base::SystemClock clock;
  base::SystemRandom random;
  Shop shop(endpoints, clock);
  auto next = std::chrono::steady_clock::now();
  for (int order = 0; order < kOrdersPerShopper; ++order) {
    const auto book = shop.everyday_book();
    ASSERT_TRUE(book.ok()) << book.status();
    note(shop.checkout(checkout_body(make_shopper(clock, random), {*book, 1}),
                       base::make_ulid(clock, random)),
         answers);
    next += std::chrono::milliseconds(kOrderEveryMs);  // the load's rate, not a wait
    std::this_thread::sleep_until(next);
  }
}

TEST(ExecutorKill, NoAcceptedOrderIsLostOrChargedTwice) {
  const char* model = std::getenv("BOOKSTORE_MODEL_DIR");
  if (model == nullptr) GTEST_SKIP() << "BOOKSTORE_MODEL_DIR is not set";
  const TestPlatform platform(model);
  ASSERT_TRUE(platform.started());
  const auto endpoints = running_endpoints(platform.state());
  ASSERT_TRUE(endpoints.ok()) << endpoints.status();

  Answers answers;
  std::vector<std::thread> shoppers;
  for (int i = 0; i < kShoppers; ++i)
    shoppers.emplace_back([&] { shop_steadily(*endpoints, answers); });
  const base::DurationMs load_ms = kOrdersPerShopper * kOrderEveryMs;
  pid_t killed = -1;
  int kills = 0;
  for (int i = 0; i < kKills; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(load_ms / (kKills + 1)));
    const pid_t executor = platform.pid_of("executor");
    if (executor > 0 && executor != killed) kills += kill(executor, SIGKILL) == 0;
    killed = executor;
  }
  for (std::thread& shopper : shoppers) shopper.join();
  EXPECT_GE(kills, 2) << "the executor was hardly ever up";
  EXPECT_GE(answers.accepted.size(), 20u) << "too few orders were accepted to say anything";

  const base::SystemClock clock;
  Shop shop(*endpoints, clock);
  const base::Deadline deadline = base::Deadline::after(clock, kEndMs);
  std::map<std::string, std::string> ends;
  for (const std::string& id : answers.accepted) {
    const auto order = shop.wait_for_end(id, deadline);
    ASSERT_TRUE(order.ok()) << id << " was accepted and is lost: " << order.status();
    ends[id] = text_at(*order, "/status");
    EXPECT_EQ(ends[id], "completed") << id << " " << text_at(*order, "/reason");
  }

  postgres::Pool pool({.conninfo = endpoints->database, .connections_max = 1}, clock);
  // A 503 outcome_unknown leaves a row `submitting`: it is taken over when its lease is over.
  const absl::Status rest = wait_for_rest(pool, base::Deadline::after(clock, kEndMs));
  ASSERT_TRUE(rest.ok()) << rest;
  const auto report = audit(pool, base::Deadline::after(clock, kEndMs), answers.accepted);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok()) << report->to_string();

  std::string heard;
  for (const auto& [what, count] : answers.refused)
    heard += what + " x" + std::to_string(count) + "; ";
  RecordProperty("answers", heard);
  std::printf("%zu accepted and ended, %d kills, refused: %s\n", ends.size(), kills, heard.c_str());
}

}  // namespace
}  // namespace bookstore::cli
