#include "fraud_detection/velocity.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/random.h"

namespace bookstore::fraud_detection {
namespace {

constexpr base::DurationMs kMinuteMs = 60'000;
constexpr base::DurationMs kHourMs = 60 * kMinuteMs;
constexpr base::WallMs kNow = 1'790'000'000'000 / kHourMs * kHourMs;

// A window of a ring is between nine and ten spans long, and never counts what it cannot know.
TEST(RingCounter, CountsWhatAListOfAllEventsCounts) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    base::SeededRandom random(seed);
    RingCounter<1'000, 10> ring;
    std::deque<base::WallMs> events;
    base::WallMs now_ms = 1'000'000 + static_cast<base::WallMs>(random.below(5'000));
    for (int step = 0; step < 500; ++step) {
      now_ms += static_cast<base::WallMs>(random.below(random.below(10) == 0 ? 20'000 : 700));
      if (random.below(3) > 0) {
        ring.add(now_ms);
        events.push_back(now_ms);
      }
      const base::WallMs oldest_ms = (now_ms / 1'000 - 9) * 1'000;
      while (!events.empty() && events.front() < oldest_ms) events.pop_front();
      ASSERT_EQ(ring.count(now_ms), events.size()) << "seed " << seed << " step " << step;
    }
  }
}

TEST(Velocity, CountsTheAttemptItself) {
  Velocity velocity({});
  const VelocityCounts counts = velocity.record(
      {.intent = "i1", .card = "card", .email = "a@b.co", .ip = "198.51.100.7"}, kNow);
  EXPECT_EQ(counts.card_10min, 1u);
  EXPECT_EQ(counts.email_24h, 1u);
  EXPECT_EQ(counts.ip_10min, 1u);
  EXPECT_EQ(counts.cards_of_email, 1u);
  EXPECT_EQ(counts.emails_of_card, 1u);
}

TEST(Velocity, ARetryOfTheSameIntentCountsOnce) {
  Velocity velocity({});
  VelocityCounts counts;
  for (int i = 0; i < 10; ++i) {
    counts = velocity.record({.intent = "same", .card = "card", .email = "a@b.co"}, kNow + i);
  }
  EXPECT_EQ(counts.card_10min, 1u);
  EXPECT_EQ(velocity.record({.intent = "other", .card = "card"}, kNow + 20).card_10min, 2u);
}

TEST(Velocity, CountsDifferentCardsOfAnEmailAndForgetsThemAfterADay) {
  Velocity velocity({});
  VelocityCounts counts;
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    counts = velocity.record({.intent = n, .card = "card" + n, .email = "a@b.co"}, kNow + i);
  }
  EXPECT_EQ(counts.cards_of_email, 5u);
  EXPECT_EQ(counts.emails_of_card, 1u);
  EXPECT_EQ(counts.email_10min, 5u);
  counts =
      velocity.record({.intent = "later", .card = "card9", .email = "a@b.co"}, kNow + 25 * kHourMs);
  EXPECT_EQ(counts.cards_of_email, 1u);
  EXPECT_EQ(counts.email_24h, 1u);
}

TEST(Velocity, AnEmptyKeyTakesNoPart) {
  Velocity velocity({});
  for (int i = 0; i < 10; ++i) {
    const VelocityCounts counts = velocity.record({.intent = std::to_string(i)}, kNow);
    EXPECT_EQ(counts.card_10min, 0u);
    EXPECT_EQ(counts.email_10min, 0u);
    EXPECT_EQ(counts.ip_10min, 0u);
  }
  EXPECT_EQ(velocity.keys(), 0u);
}

TEST(Velocity, AtTheCapacityTheLongestUnseenIsForgotten) {
  Velocity velocity({.keys_max = 100});
  const auto see = [&](int card) {
    static int intent = 0;
    return velocity.record({.intent = std::to_string(++intent), .card = std::to_string(card)},
                           kNow);
  };
  for (int card = 0; card < 100; ++card) see(card);
  see(0);  // the most recent now
  for (int card = 100; card < 199; ++card) see(card);
  EXPECT_EQ(velocity.keys(), 100u);
  EXPECT_EQ(see(0).card_10min, 3u);
  EXPECT_EQ(see(1).card_10min, 1u) << "was forgotten";
}

}  // namespace
}  // namespace bookstore::fraud_detection
