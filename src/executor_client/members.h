#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "contracts/methods.h"
#include "executor_client/timer.h"
#include "rpc/client.h"

namespace bookstore::executor_client {

// Something that a caller waits for and that this process may have to end early.
class Operation {
 public:
  virtual ~Operation() = default;
  // End as soon as possible; `done` still runs, once. Any thread.
  virtual void stop() = 0;
};

// The executor's members as this process sees them: a client for each (so that one dead member
// opens its own breaker only), who led when last heard, and the operations in flight. Any thread.
class Members {
 public:
  Members(const std::vector<std::string>& addresses, const base::Clock& clock,
          base::Random& random);
  // Not before close().
  ~Members();

  size_t size() const { return addresses_.size(); }
  const std::string& address(size_t member) const { return addresses_[member]; }
  rpc::Client& client(size_t member) { return *clients_[member]; }
  std::optional<size_t> find(const std::string& address) const;
  Timer& timer() { return timer_; }

  void heard_leader(size_t member);
  void forget_leader(size_t member);
  // Empty when nobody led, or that was heard longer ago than `age_max_ms`.
  std::optional<size_t> leader(base::DurationMs age_max_ms) const;

  // False after close(): the operation must not begin.
  [[nodiscard]] bool enter(const std::shared_ptr<Operation>& operation);
  void leave(const std::shared_ptr<Operation>& operation);
  // Refuses new operations, stops those in flight and waits for them.
  void close();

 private:
  const std::vector<std::string> addresses_;
  const base::Clock& clock_;

  mutable std::mutex mutex_;  // guards what follows
  std::optional<size_t> leader_;
  base::SteadyMs leader_heard_at_ms_ = 0;
  std::set<std::shared_ptr<Operation>> operations_;
  std::condition_variable idle_;
  bool closed_ = false;

  // Last, so that they end first: what they run uses all the rest.
  std::vector<std::unique_ptr<rpc::Client>> clients_;
  Timer timer_;
};

}  // namespace bookstore::executor_client
