#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace bookstore::fraud_detection {

// Counts events in the last `kBuckets` spans of `kSpanMs`: a ring with one counter per span, so
// memory is fixed and forgetting costs nothing. The newest span is partly over, so a window is
// between kBuckets - 1 and kBuckets spans long.
template <base::DurationMs kSpanMs, size_t kBuckets>
class RingCounter {
 public:
  void add(base::WallMs now_ms) {
    const int64_t span = now_ms / kSpanMs;
    Bucket& bucket = buckets_[static_cast<size_t>(span) % kBuckets];
    if (bucket.span != span) bucket = {span, 0};
    if (bucket.count < UINT16_MAX) ++bucket.count;
  }
  uint32_t count(base::WallMs now_ms) const {
    const int64_t span = now_ms / kSpanMs;
    uint32_t sum = 0;
    for (const Bucket& bucket : buckets_) {
      if (bucket.span > span - static_cast<int64_t>(kBuckets) && bucket.span <= span) {
        sum += bucket.count;
      }
    }
    return sum;
  }

 private:
  struct Bucket {
    int64_t span = -1;
    uint16_t count = 0;
  };
  std::array<Bucket, kBuckets> buckets_{};
};

// Who took part in one attempt to buy. Cards come as the HMAC of their number, never as a number;
// an empty key takes no part.
struct Attempt {
  std::string_view intent;  // the same for every retry of one shopper's one purchase
  std::string_view card;
  std::string_view email;
  std::string_view ip;
};

// How often the attempt's card, e-mail and address were seen, this attempt included.
struct VelocityCounts {
  uint32_t card_10min = 0, card_24h = 0;
  uint32_t email_10min = 0, email_24h = 0;
  uint32_t ip_10min = 0;
  uint32_t cards_of_email = 0;  // different ones, among the last few
  uint32_t emails_of_card = 0;
  uint32_t cards_of_ip = 0;
};

// Velocity in memory, over event time. Keys are kept as 64-bit hashes under a secret seed, at most
// `keys_max` of each kind: at the limit the one unseen for longest is forgotten. One thread at a
// time.
class Velocity {
 public:
  struct Config {
    size_t keys_max = 50'000;
    size_t intents_max = 100'000;
    uint64_t hash_seed = 0;
  };
  explicit Velocity(Config config) : config_(config), intents_(config.intents_max) {}

  // Counts the attempt unless its intent was counted before, and says what is known with it.
  VelocityCounts record(const Attempt& attempt, base::WallMs now_ms);

  size_t keys() const { return cards_.size() + emails_.size() + ips_.size(); }

 private:
  static constexpr base::DurationMs kMinuteMs = 60'000;
  static constexpr base::DurationMs kHourMs = 60 * kMinuteMs;

  // The last few different partners of a key (cards of an e-mail), with when each was last seen.
  class Partners {
   public:
    void see(uint64_t partner, base::WallMs now_ms);
    uint32_t different(base::WallMs now_ms) const;

   private:
    struct Seen {
      uint64_t partner = 0;
      base::WallMs at_ms = -25 * kHourMs;
    };
    std::array<Seen, 8> seen_{};
  };
  struct Record {
    RingCounter<kMinuteMs, 10> last_10min;
    RingCounter<kHourMs, 24> last_24h;
    Partners cards;
    Partners emails;
  };

  // A map that forgets what was used longest ago.
  template <class Value>
  class Recent {
   public:
    explicit Recent(size_t capacity) : capacity_(capacity) {}
    // The value of the key, new if need be, and now the most recent.
    Value& use(uint64_t key, bool* is_new = nullptr);
    size_t size() const { return index_.size(); }

   private:
    using Item = std::pair<uint64_t, Value>;
    const size_t capacity_;
    std::list<Item> items_;  // most recent first
    std::unordered_map<uint64_t, typename std::list<Item>::iterator> index_;
  };
  struct Nothing {};

  uint64_t key(std::string_view text) const;

  const Config config_;
  Recent<Record> cards_{config_.keys_max};
  Recent<Record> emails_{config_.keys_max};
  Recent<Record> ips_{config_.keys_max};
  Recent<Nothing> intents_;
};

}  // namespace bookstore::fraud_detection
