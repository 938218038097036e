#include "fraud_detection/velocity.h"

#include <algorithm>

#include "base/bytes.h"

namespace bookstore::fraud_detection {

void Velocity::Partners::see(uint64_t partner, base::WallMs now_ms) {
  Seen* place = &seen_[0];
  for (Seen& seen : seen_) {
    if (seen.partner == partner) {
      place = &seen;
      break;
    }
    if (seen.at_ms < place->at_ms) place = &seen;
  }
  *place = {partner, now_ms};
}

uint32_t Velocity::Partners::different(base::WallMs now_ms) const {
  return static_cast<uint32_t>(std::count_if(seen_.begin(), seen_.end(), [&](const Seen& seen) {
    return seen.partner != 0 && now_ms - seen.at_ms < 24 * kHourMs;
  }));
}

template <class Value>
Value& Velocity::Recent<Value>::use(uint64_t key, bool* is_new) {
  const auto found = index_.find(key);
  if (is_new != nullptr) *is_new = found == index_.end();
  if (found != index_.end()) {
    items_.splice(items_.begin(), items_, found->second);
    return found->second->second;
  }
  if (index_.size() >= capacity_) {
    index_.erase(items_.back().first);
    items_.pop_back();
  }
  items_.emplace_front(key, Value());
  index_[key] = items_.begin();
  return items_.front().second;
}

// Never zero, which stands for "nobody" among partners.
uint64_t Velocity::key(std::string_view text) const {
  return base::hash64(text, config_.hash_seed) | 1;
}

VelocityCounts Velocity::record(const Attempt& attempt, base::WallMs now_ms) {
  bool first = true;
  if (!attempt.intent.empty()) intents_.use(key(attempt.intent), &first);
  const uint64_t card_key = key(attempt.card);
  const uint64_t email_key = key(attempt.email);
  VelocityCounts counts;
  const auto see = [&](Recent<Record>& records, std::string_view text) -> Record& {
    Record& record = records.use(key(text));
    if (first) {
      record.last_10min.add(now_ms);
      record.last_24h.add(now_ms);
      if (!attempt.card.empty()) record.cards.see(card_key, now_ms);
      if (!attempt.email.empty()) record.emails.see(email_key, now_ms);
    }
    return record;
  };
  if (!attempt.card.empty()) {
    const Record& card = see(cards_, attempt.card);
    counts.card_10min = card.last_10min.count(now_ms);
    counts.card_24h = card.last_24h.count(now_ms);
    counts.emails_of_card = card.emails.different(now_ms);
  }
  if (!attempt.email.empty()) {
    const Record& email = see(emails_, attempt.email);
    counts.email_10min = email.last_10min.count(now_ms);
    counts.email_24h = email.last_24h.count(now_ms);
    counts.cards_of_email = email.cards.different(now_ms);
  }
  if (!attempt.ip.empty()) {
    const Record& ip = see(ips_, attempt.ip);
    counts.ip_10min = ip.last_10min.count(now_ms);
    counts.cards_of_ip = ip.cards.different(now_ms);
  }
  return counts;
}

}  // namespace bookstore::fraud_detection
