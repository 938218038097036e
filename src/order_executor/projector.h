#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "order_executor/order_machine.h"
#include "orders/store.h"

namespace bookstore::order_executor {

// Brings the log's transitions into the orders' rows, in batches, with the entry's index as
// version; tells the node when terminal states are durable there, so that it retires them. Of
// several waiting transitions of one order the newest counts, so what waits while the database is
// away is bounded by the orders that are not retired. Owns a thread that blocks in the database.
class Projector {
 public:
  struct Config {
    size_t batch_max = orders::Store::kBatchMax;
    base::DurationMs linger_ms = 20;  // how long a batch waits to fill
    base::DurationMs timeout_ms = 5'000;
    base::DurationMs retry_min_ms = 100;
    base::DurationMs retry_max_ms = 2'000;
  };
  struct Counters {
    uint64_t batches = 0, applied = 0, known = 0, older = 0, illegal = 0, unknown = 0;
    uint64_t failures = 0, waiting = 0;
  };
  // Writes one batch durably; an error says that nobody knows: it is written again.
  using Write = std::function<absl::StatusOr<orders::ProjectionReport>(
      const std::vector<orders::Transition>&, base::Deadline)>;
  using OnDurable = std::function<void(std::vector<RetiredOrder>)>;

  Projector(Config config, Write write, const base::Clock& clock);
  // stop()
  ~Projector();
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;

  // `on_durable` runs on this thread, with orders whose terminal state is durable and the newest
  // accept_before of their rows.
  void start(OnDurable on_durable);
  void stop();
  // Any thread; never blocks. Allowed before start().
  void add(const std::vector<Transition>& transitions);

  Counters counters() const;

 private:
  void run();
  std::vector<orders::Transition> next_batch();
  void write(const std::vector<orders::Transition>& batch);
  void put_back(const std::vector<orders::Transition>& batch);
  void put_locked(orders::Transition transition);

  const Config config_;
  const Write write_;
  const base::Clock& clock_;
  OnDurable on_durable_;
  std::thread thread_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<base::OrderId, orders::Transition> waiting_;
  Counters counters_;
  uint32_t failures_in_a_row_ = 0;
  bool stopping_ = false;
};

}  // namespace bookstore::order_executor
