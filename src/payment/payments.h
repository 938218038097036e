#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "base/money.h"
#include "causality/recorder.h"
#include "payment/participant.h"
#include "payment/provider.h"
#include "payment/provider_calls.h"
#include "payment/rows.h"
#include "postgres/pool.h"

namespace bookstore::payment {

inline constexpr size_t kBatchOrdersMax = 32;

// One order of a call. `token` is read by Prepare only, `amount` by Prepare and Commit.
struct OrderCall {
  std::string order_id;
  std::string token;
  base::Money amount;
  causality::VectorClock clock;  // the caller's, with its send event
};

struct OrderAnswer {
  std::string order_id;
  Answer answer = Answer::kContradiction;
  std::string reason;
  // After the reply's send event. Without a row (stale fence, unknown order) nothing is recorded:
  // the clock is empty and there are no events.
  causality::VectorClock clock;
  std::vector<causality::Event> events;
};

// The participant: authorise, capture, void. A call is
//   1. one transaction that moves the rows and commits an intent for each provider call,
//   2. the provider calls, outside any transaction, waited for until `pending_after_ms`,
//   3. one transaction that writes what the provider said and moves the rows on.
// What comes later than that is written to the ledger when it comes and taken up by the next call.
// Dying anywhere loses nothing: asking again asks the provider by the same keys. Any thread.
class Payments {
 public:
  struct Config {
    std::string host = "payment";  // our name in the clocks
    base::DurationMs pending_after_ms = 1'500;
    base::DurationMs provider_ms = 5'000;  // of one conversation
    size_t provider_threads = 8;
    size_t provider_queue = 256;
    // After every call that ended a payment (committed, aborted, refused). Must not wait.
    std::function<void()> payment_ended = [] {};
  };
  // `pool` and `provider` outlive it.
  Payments(postgres::Pool& pool, Provider& provider, Config config);

  // The answers in the order of the calls; the same order id twice or a malformed order is
  // INVALID_ARGUMENT for the whole call. An error status means that nobody knows how far it got:
  // ask again, every call is idempotent.
  absl::StatusOr<std::vector<OrderAnswer>> call(Ask ask, uint64_t fence,
                                                const std::vector<OrderCall>& orders,
                                                base::Deadline deadline);

  ProviderCalls::Counters provider_counters() const { return provider_calls_.counters(); }

 private:
  // What one order of the call still needs of the provider.
  struct Task {
    size_t index;  // into orders and answers
    Work work;
    bool asked_before;  // an earlier call may have reached the provider
    std::string provider_token;
    base::Money amount;
  };
  struct Begun {
    std::vector<OrderAnswer> answers;
    std::vector<Task> tasks;
  };

  absl::StatusOr<std::vector<OrderAnswer>> answer(Ask ask, uint64_t fence,
                                                  const std::vector<OrderCall>& orders,
                                                  base::Deadline deadline);
  absl::Status begin(postgres::Transaction& transaction, Ask ask, int64_t fence,
                     const std::vector<OrderCall>& orders, Begun& begun);
  absl::Status finish(postgres::Transaction& transaction, Ask ask, int64_t fence,
                      const std::vector<OrderCall>& orders, const std::vector<Task>& tasks,
                      std::span<const Fact> facts, std::vector<OrderAnswer>& answers);
  std::vector<Fact> ask_provider(const std::vector<OrderCall>& orders,
                                 const std::vector<Task>& tasks, base::Deadline until);
  ProviderCalls::Job job_for(const std::string& order_id, const Task& task);

  postgres::Pool& pool_;
  Provider& provider_;
  const Config config_;
  ProviderCalls provider_calls_;
};

}  // namespace bookstore::payment
