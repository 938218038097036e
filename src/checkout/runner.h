#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "checkout/request.h"

namespace bookstore::postgres {
class Pool;
}
namespace bookstore::crypto {
class Secret;
}
namespace bookstore::executor_client {
class Client;
}
namespace bookstore::orders {
class Store;
}
namespace bookstore::rpc {
class Client;
}

namespace bookstore::checkout {

struct ReviewCall;
enum class ReviewVerdict;

// What the door knows of a request besides its body.
struct RequestContext {
  std::string idempotency_key;  // as sent; empty when the header was missing
  std::string traceparent;      // may be empty
  std::string client_ip;
};

// Runs checkouts (docs/life-of-a-checkout.md): claim, the step graph of plan.h over asynchronous
// calls, the durable outcome, Submit, the answer. Each checkout is a strand on a bounded pool; no
// thread waits for a call; the database's blocking work has a pool of its own.
class Runner {
 public:
  struct Config {
    std::string host = "orchestrator-1";  // of the vector clocks
    base::DurationMs request_ms = 2'000;
    // Of the request, for pricing and checks: what is left belongs to the outcome and the Submit.
    base::DurationMs checks_ms = 1'300;
    base::DurationMs verification_ms = 250;
    base::DurationMs fraud_ms = 300;
    base::DurationMs tokenise_ms = 300;
    base::DurationMs suggestions_ms = 150;
    uint32_t suggestions_limit = 3;
    base::DurationMs executor_lookup_ms = 500;
    base::DurationMs lease_ms = 5'000;
    base::DurationMs accept_before_ms = 120'000;
    // Without fraud's verdict: at or below it the order is accepted, above it a person decides.
    int64_t fraud_floor_minor = 5'000;
    base::DurationMs takeover_every_ms = 1'000;
    // More are answered 503 `overloaded` before anything is read or written: a request that would
    // wait longer than it may take helps nobody, and costs the ones before it their time.
    size_t active_max = 256;
  };
  struct Services {
    rpc::Client& verification;
    rpc::Client& fraud;
    rpc::Client& suggestions;
    rpc::Client& payment;
    executor_client::Client& executor;
    orders::Store& orders;
    postgres::Pool& pool;  // of keys and prices
    const crypto::Secret& platform_key;
    base::WorkerPool& strands;   // runs plan steps; never blocks
    base::WorkerPool& database;  // blocks in libpq
    const base::Clock& clock;
    base::Random& random;
  };
  struct Counters {
    uint64_t started = 0, accepted = 0, in_review = 0, rejected = 0, replayed = 0, refused = 0,
             unavailable = 0, unknown = 0, steps_cancelled = 0, taken_over = 0,
             reviews_approved = 0, reviews_declined = 0, reviews_overdue = 0;
  };

  // All services outlive the runner.
  Runner(Config config, Services services);
  // Waits until every running checkout has answered (each is bounded by its request's time).
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // `done` runs exactly once, on a thread of one of the pools, or at once on the caller's when the
  // pool is full or active_max run (503 `overloaded`). It must not block. Any thread.
  void run(CheckoutRequest request, RequestContext context, std::function<void(Answer)> done);

  // An operator's decision about an order in review; see review.h.
  void review(ReviewCall call, std::function<void(absl::StatusOr<ReviewVerdict>)> done);

  // Starts the worker that takes over `submitting` orders whose lease is over. Once.
  void start_takeover();

  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::checkout
