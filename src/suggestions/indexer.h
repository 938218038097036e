#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "postgres/listener.h"
#include "suggestions/store.h"
#include "telemetry/metrics.h"

namespace bookstore::suggestions {

// Texts to vectors of Store::kWidth floats; called from the indexer's thread alone.
using Encode = std::function<std::vector<std::vector<float>>(std::span<const std::string>)>;

// Keeps the vectors in step with the catalogue, on a thread of its own: embeds what is missing,
// changed or of another model in batches, then waits for catalogue_changed. Each batch is saved
// when it is done, so a restart goes on where this one stopped, and a second indexer at the same
// work costs time only. A lost database is tried again with growing pauses.
class Indexer {
 public:
  struct Config {
    std::string conninfo;  // of the session that listens
    size_t batch = 32;     // books embedded and saved at once
    // A pass without a notification: one may be lost, nothing may stay unindexed for ever.
    base::DurationMs recheck_ms = 60'000;
    base::DurationMs retry_first_ms = 250;
    base::DurationMs retry_max_ms = 10'000;
  };
  // All arguments outlive the indexer.
  Indexer(Config config, Store& store, Encode encode, const base::Clock& clock,
          telemetry::Registry& metrics);
  // Stops after the batch at hand.
  ~Indexer();
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;

  // Starts the thread. Once.
  void start();
  // Embeds everything that is pending now, on the calling thread; instead of start().
  absl::Status catch_up();
  // For a readiness report: what is not done yet, empty when the last pass left nothing. Any
  // thread.
  std::string behind() const;

 private:
  void run();
  absl::Status listen();
  absl::StatusOr<std::string> index_batch(const std::string& after);
  absl::Status wait_for_change();
  void pause(base::DurationMs duration_ms);
  void set_behind(std::string reason);
  bool stopping() const { return stopping_.load(); }
  base::Deadline deadline() const;

  const Config config_;
  Store& store_;
  const Encode encode_;
  const base::Clock& clock_;
  telemetry::Counter& embedded_;
  telemetry::Counter& failures_;
  telemetry::Histogram& batch_ms_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards behind_ and, against stopping, listener_
  std::condition_variable stopped_;
  std::string behind_ = "the catalogue has not been read yet";
  std::unique_ptr<postgres::Listener> listener_;
  std::thread thread_;
};

}  // namespace bookstore::suggestions
