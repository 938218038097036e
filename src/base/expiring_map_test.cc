#include "base/expiring_map.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace bookstore::base {
namespace {

using Map = ExpiringMap<int>;

TEST(ExpiringMap, ForgetsAValueWhenItsLifetimeIsOver) {
  Map map({.lifetime_ms = 100, .capacity = 10});
  ASSERT_TRUE(map.put("a", 1, 0));
  EXPECT_EQ(map.find("a", 99), 1);
  EXPECT_EQ(map.find("a", 100), std::nullopt);
  EXPECT_EQ(map.size(), 0u);
}

TEST(ExpiringMap, AReplacedValueLivesFromItsOwnStart) {
  Map map({.lifetime_ms = 100, .capacity = 10});
  ASSERT_TRUE(map.put("a", 1, 0));
  ASSERT_TRUE(map.put("a", 2, 60));
  EXPECT_EQ(map.find("a", 120), 2);
  EXPECT_EQ(map.find("a", 160), std::nullopt);
}

TEST(ExpiringMap, SaysNoAtTheCapacityUntilSomethingExpires) {
  Map map({.lifetime_ms = 100, .capacity = 2});
  ASSERT_TRUE(map.put("a", 1, 0));
  ASSERT_TRUE(map.put("b", 2, 50));
  EXPECT_FALSE(map.put("c", 3, 99));
  EXPECT_TRUE(map.put("b", 4, 99)) << "replacing needs no room";
  EXPECT_TRUE(map.put("c", 3, 100));
}

TEST(ExpiringMap, AgreesWithAModelOverRandomHistories) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SeededRandom random(seed);
    const Map::Config config{.lifetime_ms = 50, .capacity = 5};
    Map map(config);
    std::map<std::string, std::pair<int, SteadyMs>> model;  // value, expiry
    SteadyMs now_ms = 0;
    for (int step = 0; step < 2'000; ++step) {
      now_ms += static_cast<SteadyMs>(random.below(15));
      std::erase_if(model, [&](const auto& entry) { return entry.second.second <= now_ms; });
      const std::string key(1, static_cast<char>('a' + random.below(8)));
      if (random.below(2) == 0) {
        const bool room = model.contains(key) || model.size() < config.capacity;
        ASSERT_EQ(map.put(key, step, now_ms), room) << "seed " << seed << " step " << step;
        if (room) model[key] = {step, now_ms + config.lifetime_ms};
      } else {
        const auto found = map.find(key, now_ms);
        ASSERT_EQ(found.has_value(), model.contains(key)) << "seed " << seed << " step " << step;
        if (found) {
          ASSERT_EQ(*found, model[key].first);
        }
      }
    }
  }
}

}  // namespace
}  // namespace bookstore::base
