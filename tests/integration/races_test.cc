// Crowds at the door of a whole platform, with one orchestrator and with two: a thousand requests
// with one key, the same with a door killed meanwhile, more buyers than copies, more connections
// than a door takes. A suite of its own: `./bookstore test --suite races`.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "cli/audit.h"
#include "cli/patient_buyer.h"
#include "running_platform.h"

namespace bookstore::integration {
namespace {

constexpr base::DurationMs kAnswerMs = 90'000;
constexpr base::DurationMs kRestMs = 120'000;
constexpr int kCrowd = 1'000;

// What a crowd heard in the end and on the way.
struct Heard {
  std::mutex mutex;                     // guards what follows
  std::map<std::string, int> answers;   // "202", "422 card_declined", "no answer in time, …"
  std::map<std::string, int> refusals;  // those after which they came again
  std::set<std::string> bodies;         // of the 202s
  std::vector<std::string> accepted;    // their ids
  int replayed = 0;
  int dishonest = 0;

  void note(const absl::StatusOr<cli::PatientPurchase>& purchase) {
    const std::lock_guard lock(mutex);
    if (!purchase.ok()) {
      ++answers[std::string(purchase.status().message())];
      return;
    }
    for (const auto& [what, count] : purchase->refusals) refusals[what] += count;
    dishonest += purchase->dishonest;
    ++answers[cli::describe_answer(purchase->answer)];
    if (purchase->answer.status != 202) return;
    bodies.insert(purchase->answer.body);
    accepted.push_back(text_of(purchase->answer, "/id"));
    replayed += purchase->answer.headers.get("Idempotency-Replayed") == "true" ? 1 : 0;
  }
  std::string to_string() const {
    std::string text;
    for (const auto& [what, count] : answers) text += what + " x" + std::to_string(count) + "; ";
    text += "after";
    for (const auto& [what, count] : refusals)
      text += " " + what + " x" + std::to_string(count) + ",";
    return text + " " + std::to_string(replayed) + " replayed";
  }
};

class Races : public RunningPlatform {
 protected:
  struct Buyer {
    std::string body;
    std::string key;
  };
  // All at once, each at the next door in turn; `meanwhile` runs when the first has its answer.
  static void rush(
      const std::vector<Buyer>& buyers, Heard& heard,
      const std::function<void()>& meanwhile = [] {}) {
    std::latch gate(1);
    std::vector<std::thread> threads;
    const int doors = platform().endpoints().orchestrators;
    for (size_t i = 0; i < buyers.size(); ++i) {
      threads.emplace_back([&, i] {
        cli::PatientBuyer patient(platform().endpoints(), platform().clock(), platform().random(),
                                  static_cast<int>(i) % doors + 1);
        gate.wait();
        heard.note(patient.buy(buyers[i].body, buyers[i].key, within(kAnswerMs)));
      });
    }
    gate.count_down();
    meanwhile();
    for (std::thread& thread : threads) thread.join();
    std::printf("%s\n", heard.to_string().c_str());
  }
  static std::vector<Buyer> one_key(int count) {
    return {static_cast<size_t>(count),
            {cli::checkout_body(shopper(), {kPlenty.id, 1}), new_key()}};
  }
  static std::vector<Buyer> strangers(int count, const TestBook& book) {
    std::vector<Buyer> buyers;
    for (int i = 0; i < count; ++i)
      buyers.push_back({cli::checkout_body(shopper(), {book.id, 1}), new_key()});
    return buyers;
  }
  // At rest, every invariant holds.
  static void expect_sound(const std::vector<std::string>& accepted) {
    const absl::Status rest = cli::wait_for_rest(platform().pool(), within(kRestMs));
    ASSERT_TRUE(rest.ok()) << rest;
    const auto report = cli::audit(platform().pool(), within(30'000), accepted);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->ok()) << report->to_string();
  }
  // Of the figures of the audit, such as "orders completed".
  static int64_t figure(const std::string& name) {
    const auto report = cli::audit(platform().pool(), within(30'000));
    EXPECT_TRUE(report.ok()) << report.status();
    const auto found = report.ok() ? report->figures.find(name) : decltype(report->figures.end()){};
    return report.ok() && found != report->figures.end() ? found->second : 0;
  }

  void one_key_is_one_order() {
    const int64_t before = figure("orders completed");
    const int64_t captures = figure("provider capture approved");
    Heard heard;
    rush(one_key(kCrowd), heard);
    expect_one_order(heard, before, captures);
    EXPECT_FALSE(heard.refusals.contains("no connection"));
  }
  // Each time at another moment of the order's life.
  void one_key_is_one_order_when_a_door_dies() {
    const std::string victim =
        platform().endpoints().orchestrators > 1 ? "orchestrator-1" : "orchestrator";
    const bool slice = std::getenv("BOOKSTORE_SLICE") != nullptr;
    for (const int after_ms : slice ? std::vector{15} : std::vector{0, 15, 40, 90}) {
      const int64_t before = figure("orders completed");
      const int64_t captures = figure("provider capture approved");
      Heard heard;
      rush(one_key(kCrowd), heard, [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
        const absl::Status killed = platform().kill_service(victim);
        EXPECT_TRUE(killed.ok()) << killed;
      });
      expect_one_order(heard, before, captures);
      ASSERT_TRUE(platform().wait_ready(victim).ok());
    }
  }
  static void expect_one_order(const Heard& heard, int64_t completed_before,
                               int64_t captures_before) {
    EXPECT_EQ(heard.answers, (std::map<std::string, int>{{"202", kCrowd}}));
    EXPECT_EQ(heard.bodies.size(), 1u) << "all have the same bytes";
    EXPECT_GE(heard.replayed, kCrowd - 1);
    EXPECT_EQ(heard.dishonest, 0);
    expect_sound(heard.accepted);
    EXPECT_EQ(figure("orders completed"), completed_before + 1);
    EXPECT_EQ(figure("provider capture approved"), captures_before + 1);
  }
  void fifty_copies_are_sold_to_fifty() {
    const auto copies = shop().free_stock(kFifty.id);
    ASSERT_TRUE(copies.ok()) << copies.status();
    ASSERT_EQ(*copies, 50);
    Heard heard;
    rush(strangers(500, kFifty), heard);
    EXPECT_EQ(heard.answers, (std::map<std::string, int>{{"202", 500}}));
    EXPECT_EQ(heard.dishonest, 0);
    expect_sound(heard.accepted);
    std::map<std::string, int> ends;
    for (const std::string& id : heard.accepted) ++ends[end_of(id)];
    EXPECT_EQ(ends, (std::map<std::string, int>{{"completed", 50}, {"failed out_of_stock", 450}}));
    EXPECT_EQ(shop().free_stock(kFifty.id).value_or(-1), 0);
    expect_nothing_held();
  }
  static void expect_nothing_held() {
    const auto held = platform().pool().query(
        {"SELECT coalesce(sum(held), 0)::bigint AS held FROM inventory.stock"}, {}, within(10'000));
    ASSERT_TRUE(held.ok()) << held.status();
    EXPECT_EQ((*held)[0].int64("held"), 0);
    EXPECT_EQ(figure("payments prepared"), 0);
    EXPECT_EQ(figure("payments preparing"), 0);
  }
};

class OneOrchestrator : public Races {};
class TwoOrchestrators : public Races {
 public:
  static void SetUpTestSuite() { start_platform(2); }
};

TEST_F(OneOrchestrator, AThousandRequestsWithOneKeyAreOneOrder) {
  one_key_is_one_order();
}
TEST_F(TwoOrchestrators, AThousandRequestsWithOneKeyAreOneOrder) {
  one_key_is_one_order();
}
TEST_F(OneOrchestrator, AThousandRequestsWithOneKeyAreOneOrderAlsoWhenTheDoorDies) {
  one_key_is_one_order_when_a_door_dies();
}
TEST_F(TwoOrchestrators, AThousandRequestsWithOneKeyAreOneOrderAlsoWhenADoorDies) {
  one_key_is_one_order_when_a_door_dies();
}
TEST_F(OneOrchestrator, OfFiveHundredBuyersOfFiftyCopiesFiftyGetOne) {
  fifty_copies_are_sold_to_fifty();
}
TEST_F(TwoOrchestrators, OfFiveHundredBuyersOfFiftyCopiesFiftyGetOne) {
  fifty_copies_are_sold_to_fifty();
}

// A door takes 1,024 connections; the others are told to come again, and come in.
TEST_F(OneOrchestrator, WhoDoesNotFitThroughTheDoorIsToldToComeAgainAndGetsIn) {
  Heard heard;
  rush(strangers(1'500, kPlenty), heard);
  EXPECT_EQ(heard.answers, (std::map<std::string, int>{{"202", 1'500}}));
  EXPECT_EQ(heard.dishonest, 0);
  EXPECT_LE(heard.refusals["503 outcome_unknown"], 75) << "what was let in is seen through";
  expect_sound(heard.accepted);
  EXPECT_EQ(std::set(heard.accepted.begin(), heard.accepted.end()).size(), 1'500u);
}

// Accepted at one door, waited for and replayed at the other.
TEST_F(TwoOrchestrators, AnOrderIsKnownAtBothDoors) {
  cli::Shop other(platform().endpoints(), platform().clock(), 2);
  for (int i = 0; i < 20; ++i) {
    const std::string body = cli::checkout_body(shopper(), {kAlsoPlenty.id, 1});
    const std::string key = new_key();
    const auto answer = shop().checkout(body, key);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->status, 202) << answer->body;
    const auto replay = other.checkout(body, key);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->body, answer->body);
    EXPECT_EQ(replay->headers.get("Idempotency-Replayed"), "true");
    const base::SteadyMs asked_ms = platform().clock().steady_ms();
    const auto end = other.order(text_of(answer, "/id"), within(10'000));
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(cli::text_at(*end, "/status"), "completed") << "one wait is enough";
    EXPECT_LT(platform().clock().steady_ms() - asked_ms, 4'000) << "told, not timed out";
    EXPECT_TRUE(end->at("vector_clock").as_object().contains("orchestrator-1"));
  }
}

}  // namespace
}  // namespace bookstore::integration
