#include "payment/provider_calls.h"

#include <chrono>

#include "absl/status/status.h"

namespace bookstore::payment {

// Guarded by the mutex of ProviderCalls.
class ProviderCalls::Ticket {
 public:
  bool ended = false;
  bool given_up = false;  // a waiter left before the end
  std::vector<Fact> facts;
};

ProviderCalls::ProviderCalls(const base::Clock& clock, size_t threads, size_t queue_capacity,
                             base::DurationMs call_ms, Late late)
    : clock_(clock),
      call_ms_(call_ms),
      late_(std::move(late)),
      first_("provider", threads, queue_capacity),
      again_("provider-again", threads_for_repeats(threads), queue_capacity) {}

ProviderCalls::~ProviderCalls() {
  stopping_ = true;
  first_.stop();
  again_.stop();
}

std::shared_ptr<ProviderCalls::Ticket> ProviderCalls::start(const std::string& key, bool again,
                                                            Job job) {
  const std::lock_guard lock(mutex_);
  if (const auto found = under_way_.find(key); found != under_way_.end()) return found->second;
  auto ticket = std::make_shared<Ticket>();
  const bool admitted =
      (again ? again_ : first_).try_submit([this, key, ticket, job = std::move(job)] {
        run(key, ticket, job);
      });
  if (!admitted) {
    ++counters_.not_admitted;
    return nullptr;
  }
  ++counters_.started;
  under_way_.emplace(key, ticket);
  return ticket;
}

void ProviderCalls::run(const std::string& key, const std::shared_ptr<Ticket>& ticket,
                        const Job& job) {
  const auto answer = stopping_ ? absl::CancelledError("payment is stopping")
                                : job(base::Deadline::after(clock_, call_ms_));
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    ticket->ended = true;
    if (answer.ok()) ticket->facts = *answer;
    if (!answer.ok()) ++counters_.unknown;
    late = answer.ok() && ticket->given_up;
    if (late) ++counters_.late;
    under_way_.erase(key);
  }
  ended_.notify_all();
  if (late) late_(*answer);
}

std::vector<std::vector<Fact>> ProviderCalls::wait(std::span<const std::shared_ptr<Ticket>> tickets,
                                                   base::Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto all_ended = [&] {
    for (const auto& ticket : tickets) {
      if (ticket != nullptr && !ticket->ended) return false;
    }
    return true;
  };
  ended_.wait_for(lock, std::chrono::milliseconds(deadline.remaining_ms(clock_)), all_ended);
  std::vector<std::vector<Fact>> facts;
  for (const auto& ticket : tickets) {
    facts.emplace_back();
    if (ticket == nullptr) continue;
    if (ticket->ended) facts.back() = ticket->facts;
    if (!ticket->ended) ticket->given_up = true;
  }
  return facts;
}

ProviderCalls::Counters ProviderCalls::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace bookstore::payment
