#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "postgres/pool.h"

namespace bookstore::cli {

// Learns when orders end, from the rows that shoppers read: one query every 200 ms about all that
// are still under way, instead of one request an order. The time of an end is the row's updated_at,
// which is when the projection's transaction began: a few milliseconds before others can see it.
// Any thread.
class OrderEnds {
 public:
  struct End {
    std::string state;  // terminal, or needs_attention
    std::string reason;
    int64_t at_us = 0;  // of our steady clock
  };

  OrderEnds(std::string database, const base::Clock& clock);
  ~OrderEnds();

  // Compares the database's clock with ours, then starts to look.
  absl::Status start();
  void expect(std::string order_id);
  // True when every expected order has ended; false at the deadline.
  bool wait_for_all(base::Deadline deadline);
  void stop();

  size_t ended() const;
  std::vector<std::string> missing() const;
  // After stop().
  const std::unordered_map<std::string, End>& ends() const { return ends_; }

 private:
  void run();
  void look();

  const base::Clock& clock_;
  postgres::Pool pool_;
  int64_t database_ahead_us_ = 0;  // database's wall clock minus our steady clock
  std::thread thread_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_set<std::string> expected_;
  std::unordered_map<std::string, End> ends_;
  bool stopping_ = false;
};

}  // namespace bookstore::cli
