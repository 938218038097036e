#include "causality/vector_clock.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/random.h"
#include "causality/recorder.h"

namespace bookstore::causality {
namespace {

TEST(VectorClock, AbsentAndZeroAreTheSameKnowledge) {
  VectorClock a, b;
  EXPECT_EQ(a, b);
  ASSERT_TRUE(a.tick("fraud"));
  EXPECT_EQ(a.at("fraud"), 1u);
  EXPECT_EQ(a.at("payment"), 0u);
  EXPECT_EQ(b.compare(a), Order::kBefore);
  ASSERT_TRUE(b.tick("payment"));
  EXPECT_EQ(b.compare(a), Order::kConcurrent);
}

TEST(VectorClock, TheSeventeenthHostIsRefusedAndNothingIsForgotten) {
  VectorClock clock;
  for (size_t i = 0; i < VectorClock::kHostsMax; ++i) {
    ASSERT_TRUE(clock.tick("host-" + std::to_string(i)));
  }
  const VectorClock before = clock;
  EXPECT_FALSE(clock.tick("one-more"));
  VectorClock other;
  ASSERT_TRUE(other.tick("host-0"));
  ASSERT_TRUE(other.tick("host-0"));
  ASSERT_TRUE(other.tick("one-more"));
  EXPECT_FALSE(clock.merge(other));
  EXPECT_EQ(clock, before) << "a refused merge changes nothing";
}

TEST(VectorClock, HostsAreNamesThatShivizCanRead) {
  VectorClock clock;
  EXPECT_FALSE(clock.tick(""));
  EXPECT_FALSE(clock.tick("has space"));
  EXPECT_FALSE(clock.tick(std::string(24, 'a')));
  EXPECT_TRUE(clock.tick("executor-1.12#3"));
}

TEST(VectorClock, TenHostsFitIn128Bytes) {
  VectorClock clock;
  for (const char* host :
       {"orchestrator-1", "orchestrator-2", "verification", "fraud", "suggestions", "inventory",
        "payment", "executor-1.9", "executor-2.10", "executor-3.11"}) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(clock.tick(host));
  }
  EXPECT_LE(clock.encode().size(), 128u);
}

TEST(VectorClock, WireFormReadsBackAndDamageIsRefused) {
  VectorClock clock;
  ASSERT_TRUE(clock.tick("fraud"));
  ASSERT_TRUE(clock.tick("payment"));
  const std::string bytes = clock.encode();
  EXPECT_EQ(VectorClock::decode(bytes), clock);
  EXPECT_EQ(clock.to_json(), R"({"fraud":1, "payment":1})");
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(VectorClock::decode(bytes.substr(0, size))) << size;
  }
  base::SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes;
    damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    const auto read = VectorClock::decode(damaged);
    if (read) {
      EXPECT_EQ(read->encode(), damaged) << "accepted bytes are canonical";
    }
  }
}

// A run of five hosts with loss, duplication and reordering, and the same run as a plain message
// graph: the clocks must order two events exactly when one is reachable from the other.
TEST(VectorClock, OrderIsReachabilityInTheMessageGraph) {
  constexpr int kEvents = 400;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    base::SeededRandom random(seed);
    const std::vector<std::string> hosts = {"a", "b", "c", "d", "e"};
    std::map<std::string, Recorder> recorders;
    for (const auto& host : hosts) recorders.try_emplace(host, host);
    std::vector<VectorClock> clocks;
    std::vector<std::vector<bool>> reaches;  // reaches[i][j]: event j happened before event i
    std::map<std::string, int> last;
    struct Message {
      int event;
      VectorClock clock;
    };
    std::vector<Message> in_flight;
    for (int i = 0; i < kEvents; ++i) {
      const std::string& host = hosts[random.below(hosts.size())];
      Recorder& recorder = recorders.at(host);
      std::vector<bool> past(kEvents, false);
      if (last.contains(host)) {
        past = reaches[last[host]];
        past[last[host]] = true;
      }
      const uint64_t what = random.below(3);
      if (what == 0 || in_flight.empty()) {
        recorder.local("step");
      } else if (what == 1) {
        in_flight.push_back({i, recorder.send("send")});
      } else {
        const size_t pick = random.below(in_flight.size());
        const Message message = in_flight[pick];
        if (random.below(4) != 0) in_flight.erase(in_flight.begin() + static_cast<long>(pick));
        recorder.receive("recv", message.clock);
        for (int j = 0; j < i; ++j) past[j] = past[j] || reaches[message.event][j];
        past[message.event] = true;
      }
      clocks.push_back(recorder.clock());
      reaches.push_back(past);
      last[host] = i;
    }
    for (int i = 0; i < kEvents; ++i) {
      for (int j = 0; j < i; ++j) {
        const Order expected = reaches[i][j] ? Order::kBefore : Order::kConcurrent;
        ASSERT_EQ(clocks[j].compare(clocks[i]), expected)
            << "seed " << seed << ": " << j << "," << i;
      }
    }
  }
}

}  // namespace
}  // namespace bookstore::causality
