#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/worker_pool.h"
#include "payment/participant.h"

namespace bookstore::payment {

// One line of payment.ledger: what the provider said of a key.
struct Fact {
  std::string key;
  Outcome outcome = Outcome::kUnknown;
  std::string reason;
};

// Provider calls on small pools of their own, so that a silent provider never holds a transaction
// and a serving thread only as long as its caller waits. What was asked before and got no answer
// has half as many threads beside: orders that the provider is silent about never hold up the
// others. One call an order and step at a time: whoever asks again while one is under way waits for
// the same one. A call that nobody waits for any more still ends (`call_ms` after it began),
// and its facts go to `late`. Any thread.
class ProviderCalls {
 public:
  // Facts in the order in which they happened; an error status means that nobody knows.
  using Job = std::function<absl::StatusOr<std::vector<Fact>>(base::Deadline)>;
  using Late = std::function<void(const std::vector<Fact>&)>;

  struct Counters {
    uint64_t started = 0, unknown = 0, late = 0, not_admitted = 0;
  };
  ProviderCalls(const base::Clock& clock, size_t threads, size_t queue_capacity,
                base::DurationMs call_ms, Late late);
  // Waits for the calls under way; those still queued end at once, their outcome unknown.
  ~ProviderCalls();

  // A call that was started, or joined. `again`: this was asked before. Empty when the pool's queue
  // is full: the answer is then not known, as with a silent provider.
  class Ticket;
  std::shared_ptr<Ticket> start(const std::string& key, bool again, Job job);
  // Calls that may be with the provider at once.
  static size_t at_once(size_t threads) { return threads + threads_for_repeats(threads); }

  // Waits until every ticket has ended or `deadline` has passed. Gives the facts of each, empty
  // where there are none yet (those go to `late` when they come) or where nobody knows.
  std::vector<std::vector<Fact>> wait(std::span<const std::shared_ptr<Ticket>> tickets,
                                      base::Deadline deadline);
  Counters counters() const;

 private:
  static size_t threads_for_repeats(size_t threads) { return (threads + 1) / 2; }
  void run(const std::string& key, const std::shared_ptr<Ticket>& ticket, const Job& job);

  const base::Clock& clock_;
  const base::DurationMs call_ms_;
  const Late late_;
  mutable std::mutex mutex_;  // guards what follows, and what is in the tickets
  std::condition_variable ended_;
  std::map<std::string, std::shared_ptr<Ticket>> under_way_;
  Counters counters_;
  std::atomic<bool> stopping_{false};
  // Last: their threads use the rest.
  base::WorkerPool first_;
  base::WorkerPool again_;
};

}  // namespace bookstore::payment
