// kill -9 of a service while shoppers buy: what each of them is told is true, what was accepted is
// executed once, and when the service is back so is the shop. (The executor has a suite of its own,
// executor-kill.)
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "running_platform.h"

namespace bookstore::integration {
namespace {

constexpr int kShoppers = 4;
constexpr int kOrdersEach = 25;
constexpr size_t kBeforeTheKill = 12;
// On a busy machine a call may miss its deadline without any kill: an honest 503, and a rare one.
constexpr int kOtherwiseUnavailableMax = kShoppers * kOrdersEach / 5;

struct Victim {
  const char* service;
  // What a shopper is told besides 202 while it is away.
  const char* refusal;
};

// What the shoppers heard.
class Answers {
 public:
  void add(const absl::StatusOr<http::Response>& answer) {
    const std::lock_guard lock(mutex_);
    ++heard_;
    if (answer.ok() && answer->status == 202) {
      accepted_.push_back(text_of(answer, "/id"));
    } else {
      const std::string status = answer.ok() ? std::to_string(answer->status) + " " : "";
      ++others_[status + text_of(answer, "/code")];
      if (!says_try_again(answer)) ++dishonest_;
    }
    changed_.notify_all();
  }
  bool wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return heard_ >= count; });
  }
  const std::vector<std::string>& accepted() const { return accepted_; }
  // "503 verification_unavailable" → how often.
  const std::map<std::string, int>& others() const { return others_; }
  // Answers that are neither an order nor a promise that trying again may help.
  int dishonest() const { return dishonest_; }

 private:
  static bool says_try_again(const absl::StatusOr<http::Response>& answer) {
    if (!answer.ok() || answer->status != 503) return false;
    const auto problem = json::parse(answer->body);
    if (!problem.ok() || answer->headers.get("Retry-After").empty()) return false;
    const auto* retryable = problem->as_object().if_contains("retryable");
    return retryable != nullptr && retryable->is_bool() && retryable->get_bool();
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  size_t heard_ = 0;
  std::vector<std::string> accepted_;
  std::map<std::string, int> others_;
  int dishonest_ = 0;
};

class KillOf : public RunningPlatform, public ::testing::WithParamInterface<Victim> {
 protected:
  static void shop_many(Answers& answers) {
    cli::Shop shop(platform().endpoints(), platform().clock());
    for (int i = 0; i < kOrdersEach; ++i) {
      const std::string body = cli::checkout_body(shopper(), {kPlenty.id, 1});
      answers.add(shop.checkout(body, new_key()));
    }
  }
  // The breaker lets a trial through after a while: until then the answer is an honest 503.
  bool sells_again() {
    const base::Deadline deadline = within(30'000);
    while (!deadline.passed(platform().clock())) {
      const auto answer =
          shop().checkout(cli::checkout_body(shopper(), {kPlenty.id, 1}), new_key());
      if (answer.ok() && answer->status == 202)
        return end_of(text_of(answer, "/id")) == "completed";
    }
    return false;
  }
};

TEST_P(KillOf, NobodyIsLiedToAndTheShopComesBack) {
  const Victim victim = GetParam();
  if (victim.service == std::string("suggestions") && !platform().has_suggestions()) {
    GTEST_SKIP() << "no model: BOOKSTORE_MODEL_DIR is not set";
  }
  ASSERT_TRUE(sells_again());
  Answers answers;
  std::vector<std::thread> shoppers;
  for (int i = 0; i < kShoppers; ++i) shoppers.emplace_back([&] { shop_many(answers); });
  const bool busy = answers.wait_for(kBeforeTheKill);
  const absl::Status killed = platform().kill_service(victim.service);
  for (std::thread& shopper : shoppers) shopper.join();
  ASSERT_TRUE(busy);
  ASSERT_TRUE(killed.ok()) << killed;

  int otherwise = 0;
  for (const auto& [other, count] : answers.others()) {
    std::printf("%s x%d\n", other.c_str(), count);
    if (other != victim.refusal) otherwise += count;
  }
  EXPECT_EQ(answers.dishonest(), 0);
  EXPECT_LE(otherwise, kOtherwiseUnavailableMax);
  const absl::Status back = platform().wait_ready(victim.service);
  EXPECT_TRUE(back.ok()) << back;
  EXPECT_GE(answers.accepted().size(), 1u);
  for (const std::string& id : answers.accepted()) {
    EXPECT_EQ(end_of(id), "completed") << id;
    const auto captures = shop().captures(id);
    ASSERT_TRUE(captures.ok()) << captures.status();
    EXPECT_EQ(*captures, 1) << id;
  }
  EXPECT_TRUE(sells_again());
}

class KillOfTheDoor : public RunningPlatform {
 protected:
  // What a careful client does: the same request with the same key until there is an answer.
  static std::string buy_once(cli::Shop& shop) {
    const std::string body = cli::checkout_body(shopper(), {kPlenty.id, 1});
    const std::string key = new_key();
    const base::Deadline deadline = within(60'000);
    std::string last;
    while (!deadline.passed(platform().clock())) {
      const auto answer = shop.checkout(body, key);
      if (answer.ok() && answer->status == 202) return text_of(answer, "/id");
      last = text_of(answer, "/code");
      if (!answer.ok()) platform().wait_ready("orchestrator").IgnoreError();
    }
    return "no answer but " + last;
  }
};

TEST_F(KillOfTheDoor, WhoAsksAgainWithTheSameKeyBuysOnce) {
  constexpr int kEach = 10;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> ids;
  std::vector<std::thread> shoppers;
  for (int i = 0; i < kShoppers; ++i) {
    shoppers.emplace_back([&] {
      cli::Shop shop(platform().endpoints(), platform().clock());
      for (int order = 0; order < kEach; ++order) {
        std::string id = buy_once(shop);
        const std::lock_guard lock(mutex);
        ids.push_back(std::move(id));
        changed.notify_all();
      }
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return ids.size() >= kEach; });
  }
  const absl::Status killed = platform().kill_service("orchestrator");
  for (std::thread& shopper : shoppers) shopper.join();
  ASSERT_TRUE(killed.ok()) << killed;
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), ids.size());
  for (const std::string& id : ids) {
    EXPECT_EQ(end_of(id), "completed") << id;
    const auto captures = shop().captures(id);
    ASSERT_TRUE(captures.ok()) << captures.status();
    EXPECT_EQ(*captures, 1) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(
    EachService, KillOf,
    ::testing::Values(Victim{"verification", "503 verification_unavailable"},
                      Victim{"fraud", "nothing else: small orders are accepted by their amount"},
                      Victim{"suggestions", "nothing else: they never block a sale"},
                      Victim{"inventory", "nothing else: accepted orders wait for it"},
                      Victim{"payment", "503 payment_unavailable"}),
    [](const auto& victim) { return std::string(victim.param.service); });

}  // namespace
}  // namespace bookstore::integration
