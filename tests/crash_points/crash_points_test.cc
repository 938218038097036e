// kill -9 directly before and after every durable write of an order, in every course an order can
// take: a shopper who asks again with the same key gets one answer, and whatever died has neither
// lost nor doubled anything. `./bookstore test --suite crash-points`.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/ids.h"
#include "cli/audit.h"
#include "crash_platform.h"
#include "json/json.h"
#include "operator.h"
#include "patient_client.h"
#include "result_table.h"

namespace bookstore::crash_points {
namespace {

using postgres::Statement;

constexpr base::DurationMs kAnswerMs = 60'000;
constexpr base::DurationMs kQueryMs = 10'000;
constexpr base::DurationMs kFireMs = 30'000;
constexpr base::DurationMs kSweepMs = 30'000;

// The provider's test card that is declined when it is authorised, and one at tokenise.
constexpr char kDeclinedCard[] = "4000000000000002";
constexpr char kRefusedCvcCard[] = "4000000000000127";
// The provider authorises it and refuses the capture.
constexpr char kNoCaptureCard[] = "4000009910000002";
// Without a score an order above 50.00 is for a person to decide.
constexpr int kReviewCopies = 6;

// What a dead orchestrator leaves behind waits for its lease: here its time is over at once.
constexpr Statement kLapse{
    "UPDATE orders.orders SET lease_until = now() - interval '1 millisecond' "
    "WHERE customer_email = $1 AND state IN ('received', 'submitting')"};
// The shopper's orders: those that stand, and those whose key was freed for another try.
constexpr Statement kOrders{
    "SELECT o.order_id, o.state, o.state = 'rejected' AND o.reason IN ('unavailable', 'no_leader', "
    "'queue_full', 'expired', 'abandoned') AS freed, k.order_id IS NOT NULL AS has_key "
    "FROM orders.orders o LEFT JOIN orders.idempotency_key k USING (order_id) "
    "WHERE customer_email = $1 ORDER BY o.order_id"};

struct Course {
  integration::TestBook book = integration::kPlenty;
  int copies = 1;
  std::string card;  // empty: a good one
  int status = 202;
  std::string end;
};

Course course_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::kCompleted:
    case Scenario::kNoLeader:
      return {.end = "completed"};
    case Scenario::kDeclined:
      return {.card = kDeclinedCard, .end = "failed card_declined"};
    case Scenario::kRefusedStock:
      return {.book = integration::kSoldOut, .end = "failed out_of_stock"};
    case Scenario::kRefusedCard:
      return {.card = kRefusedCvcCard, .status = 422, .end = "rejected"};
    case Scenario::kApproved:
      return {.copies = kReviewCopies, .end = "completed"};
    case Scenario::kRejected:
      return {.copies = kReviewCopies, .end = "rejected review_declined"};
    case Scenario::kAborted:
      return {.end = "failed aborted_by_operator"};
    case Scenario::kGivenUp:
      return {.card = kNoCaptureCard, .end = "failed aborted_by_operator"};
  }
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class CrashPoints : public ::testing::TestWithParam<Case> {
 protected:
  static void TearDownTestSuite() {
    if (platform_ != nullptr) {
      const absl::Status swept = platform_->wait_vault_swept(kSweepMs);
      EXPECT_TRUE(swept.ok()) << swept;
      expect_no_sanitizer_report();
    }
    platform_.reset();
    const std::string page = environment("BOOKSTORE_CRASH_TABLE");
    if (!page.empty() && whole_run()) write_table(page);
  }

  void SetUp() override {
    const std::string skip = integration::TestPlatform::reason_to_skip();
    if (!skip.empty()) GTEST_SKIP() << skip;
    if (platform_ != nullptr) return;
    platform_ = std::make_unique<CrashPlatform>();
    const absl::Status started = platform_->start();
    ASSERT_TRUE(started.ok()) << started;
  }

  // A sanitizer in a service says what it found on stderr, at the latest when the service ends.
  static void expect_no_sanitizer_report() {
    processes().stop();
    const std::string printed = processes().everything_printed();
    for (const char* report : {"Sanitizer", "runtime error: "}) {
      const size_t at = printed.find(report);
      EXPECT_EQ(at, std::string::npos) << printed.substr(at == printed.npos ? 0 : at, 4'000);
    }
  }

  // What one case broke must not be blamed on the next.
  void TearDown() override {
    if (platform_ == nullptr) return;
    if (HasFailure()) {
      results_[GetParam().name()] = "**fails**";
      std::printf("replay it with: ./bookstore test --suite crash-points --only %s\n",
                  GetParam().name().c_str());
      platform_.reset();
    } else {
      platform_->disarm();
    }
  }

  // After each look at an order that has not ended: what its operators do.
  void operate(const std::string& order_id, const std::string& state) {
    between(state);
    Operator person(processes().endpoints(), processes().clock(), platform_->admin_token());
    const Scenario scenario = GetParam().scenario;
    if (state == "in_review") {
      person.act(scenario == Scenario::kRejected ? "decline" : "approve", order_id);
    } else if (state == "needs_attention" && scenario == Scenario::kGivenUp) {
      // Once more, in case: the provider says no again.
      if (!retried_) {
        retried_ = person.act("retry", order_id) == 200;
      } else {
        person.act("abort", order_id);
      }
    } else if (state == "executing" && scenario == Scenario::kAborted) {
      // Refused is as good: an abort whose answer was lost has been decided.
      const int status = person.act("abort", order_id);
      if (status == 200 || status == 409) processes().let_up("inventory");
    }
  }

  // After each answer that is none: what must happen meanwhile for the story to go on.
  void between(const std::string& heard) {
    const size_t fired = platform_->fired();
    if (fired > fired_) {
      fired_ = fired;
      const auto& died =
          fired <= GetParam().lead_in.size() ? GetParam().lead_in[fired - 1] : GetParam().point;
      if (info(died.write).process == "orchestrator") lapse();
    }
    if (heard == "503 no_leader" || heard == "503 outcome_unknown") processes().let_up("executor");
  }
  void lapse() {
    const auto lapsed = processes().pool().query(kLapse, {shopper_.email}, query_deadline());
    EXPECT_TRUE(lapsed.ok()) << lapsed.status();
  }

  void take_away(const std::string& service) {
    processes().keep_down(service);
    const absl::Status killed = processes().kill_service(service);
    ASSERT_TRUE(killed.ok()) << killed;
    ++expected_ends_;
    if (service != "executor") return;
    // A Submit on a connection that is just dying would be unknown, not refused.
    const absl::Status noticed = platform_->wait_unready(kFireMs);
    ASSERT_TRUE(noticed.ok()) << noticed;
  }

  // The points that fire after the shopper has heard everything.
  bool wait_until_fired(size_t count) {
    const auto deadline = within(kFireMs);
    while (platform_->fired() < count) {
      if (deadline.passed(processes().clock())) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  // The marker is there a moment before the supervisor hears of the death.
  void wait_until_ended(int ends) {
    const auto deadline = within(kFireMs);
    while (platform_->ends() < ends && !deadline.passed(processes().clock()))
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  void check_orders(const std::string& order_id) {
    const auto rows = processes().pool().query(kOrders, {shopper_.email}, query_deadline());
    ASSERT_TRUE(rows.ok()) << rows.status();
    int standing = 0;
    for (const postgres::Row row : *rows) {
      EXPECT_EQ(row.boolean("freed"), !row.boolean("has_key")) << row.text("order_id");
      if (row.boolean("freed")) continue;
      ++standing;
      EXPECT_EQ(row.text("order_id"), order_id) << row.text("state");
    }
    EXPECT_EQ(standing, 1) << "orders for one key";
  }

  void check_invariants(const std::vector<std::string>& promised) {
    const auto report = cli::audit(processes().pool(), query_deadline(), promised);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->ok()) << report->to_string();
    const auto parked = report->figures.find("orders needs_attention");
    EXPECT_TRUE(parked == report->figures.end()) << "parked orders: " << parked->second;
  }

  static integration::TestPlatform& processes() { return platform_->processes(); }
  base::Deadline within(base::DurationMs duration_ms) const {
    return base::Deadline::after(processes().clock(), duration_ms);
  }
  base::Deadline query_deadline() const { return within(kQueryMs); }

  static void write_table(const std::string& file) {
    std::ifstream in(file);
    std::ostringstream page;
    page << in.rdbuf();
    const auto replaced = replace_table(page.str(), render_table(results_));
    ASSERT_TRUE(replaced.has_value()) << file << " has no markers for the table";
    std::ofstream(file) << *replaced;
  }

  static inline std::unique_ptr<CrashPlatform> platform_;
  static inline Results results_;

  cli::Shopper shopper_;
  size_t fired_ = 0;
  int expected_ends_ = 0;
  bool retried_ = false;
};

TEST_P(CrashPoints, NothingIsLostOrDoubled) {
  const Case& one = GetParam();
  const Course course = course_of(one.scenario);
  shopper_ = cli::make_shopper(processes().clock(), processes().random());
  if (!course.card.empty()) shopper_.card_number = course.card;
  PatientClient client(processes().endpoints(), processes().clock(),
                       cli::checkout_body(shopper_, {course.book.id, course.copies}),
                       "crash-" + base::make_ulid(processes().clock(), processes().random()));
  const int ends_before = platform_->ends();
  expected_ends_ = static_cast<int>(one.lead_in.size()) + 1;
  if (one.scenario == Scenario::kNoLeader) ASSERT_NO_FATAL_FAILURE(take_away("executor"));
  if (one.scenario == Scenario::kAborted) ASSERT_NO_FATAL_FAILURE(take_away("inventory"));
  platform_->arm(one);

  const auto step = [this](const std::string& heard) { between(heard); };
  const auto answer = client.buy(within(kAnswerMs), step);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, course.status) << answer->body;
  const auto body = json::parse(answer->body);
  ASSERT_TRUE(body.ok()) << answer->body;
  const bool accepted = answer->status == 202;
  const std::string order_id = cli::text_at(*body, accepted ? "/id" : "/order_id");
  std::string end = "rejected";
  if (accepted) {
    const auto ended = client.end_of(order_id, within(kAnswerMs),
                                     [&](const std::string& state) { operate(order_id, state); });
    ASSERT_TRUE(ended.ok()) << ended.status();
    end = *ended;
  }
  EXPECT_EQ(end, course.end);
  ASSERT_TRUE(wait_until_fired(one.lead_in.size() + 1)) << "not reached: " << one.plan();
  wait_until_ended(ends_before + expected_ends_);
  const absl::Status quiet = platform_->wait_quiet(kAnswerMs);
  ASSERT_TRUE(quiet.ok()) << quiet;
  EXPECT_EQ(platform_->ends() - ends_before, expected_ends_) << processes().unexpected_ends();

  for (int again = 0; again < 2; ++again) {
    const auto replay = client.buy(within(kAnswerMs), step);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->status, answer->status);
    EXPECT_EQ(replay->body, answer->body);
    EXPECT_EQ(replay->headers.get("Idempotency-Replayed"), "true");
  }
  check_orders(order_id);
  check_invariants(accepted ? std::vector{order_id} : std::vector<std::string>{});
  if (!HasFailure()) {
    results_[one.name()] =
        end.substr(0, end.find(' ')) + (end == "completed" ? ", 1 capture" : ", 0 captures");
  }
}

INSTANTIATE_TEST_SUITE_P(All, CrashPoints, ::testing::ValuesIn(chosen_cases()),
                         [](const auto& tried) {
                           std::string name = tried.param.name();
                           std::replace(name.begin(), name.end(), '.', '_');
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

}  // namespace
}  // namespace bookstore::crash_points
