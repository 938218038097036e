#include "cli/backoff.h"

#include <gtest/gtest.h>

namespace bookstore::cli {
namespace {

TEST(Backoff, DoublesUpToTheMaximumAndKeepsHalfOfItByChance) {
  base::SeededRandom random(1);
  Backoff backoff;
  base::DurationMs full_ms = kRestartDelayMinMs;
  for (int failure = 0; failure < 40; ++failure) {
    const base::DurationMs delay_ms = backoff.next_delay_ms(0, random);
    EXPECT_GE(delay_ms, full_ms / 2) << "failure " << failure;
    EXPECT_LE(delay_ms, full_ms) << "failure " << failure;
    full_ms = std::min(kRestartDelayMaxMs, 2 * full_ms);
  }
}

TEST(Backoff, AMaximumOfItsOwnHolds) {
  base::SeededRandom random(7);
  Backoff backoff(200);
  for (int i = 0; i < 20; ++i) EXPECT_LE(backoff.next_delay_ms(0, random), 200);
}

TEST(Backoff, AStableRunStartsOverAtTheMinimum) {
  base::SeededRandom random(2);
  Backoff backoff;
  for (int failure = 0; failure < 8; ++failure) backoff.next_delay_ms(0, random);
  EXPECT_GT(backoff.next_delay_ms(kStableAfterMs - 1, random), kRestartDelayMinMs);
  EXPECT_LE(backoff.next_delay_ms(kStableAfterMs, random), kRestartDelayMinMs);
}

TEST(Backoff, TwoServicesThatFellTogetherDoNotComeBackTogether) {
  base::SeededRandom random(3);
  Backoff one;
  Backoff other;
  int different = 0;
  for (int failure = 0; failure < 10; ++failure)
    different += one.next_delay_ms(0, random) != other.next_delay_ms(0, random);
  EXPECT_GE(different, 8);
}

}  // namespace
}  // namespace bookstore::cli
