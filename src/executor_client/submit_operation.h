#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "executor_client/client.h"
#include "executor_client/fan_out.h"
#include "executor_client/members.h"
#include "executor_client/submission.h"

namespace bookstore::executor_client {

// Drives one Submission over the members: makes its steps calls and pauses, and their ends events.
class SubmitOperation final : public Operation,
                              public std::enable_shared_from_this<SubmitOperation> {
 public:
  using Done = std::function<void(SubmitResult)>;

  SubmitOperation(Members& members, const base::Clock& clock, const Client::Config& config,
                  contracts::executor::SubmitRequest request, Client::CallScope scope, Done done);

  void start();
  void stop() override;

 private:
  using Step = Submission::Step;

  // Does what the step says. Called without the lock, once per event, so never by two threads.
  void take(const Step& step);
  void probe(uint64_t number);
  void submit(uint64_t number, size_t member);
  void ask(uint64_t number);
  void pause(base::DurationMs pause_ms);
  void finish(const Step& step);

  void submitted(size_t member, absl::StatusOr<contracts::executor::SubmitReply> reply);
  void asked(const FanOut<decltype(contracts::executor::kGetOrder)>::Replies& replies);
  rpc::CallOptions options(base::DurationMs timeout_ms) const;
  // Remembers how to interrupt what step `number` started; interrupts it if stop() came first.
  // A step that has already ended is not remembered.
  void running(uint64_t number, std::function<void()> interrupt);
  base::SteadyMs now_ms() const { return clock_.steady_ms(); }

  Members& members_;
  const base::Clock& clock_;
  const Client::Config& config_;
  const contracts::executor::SubmitRequest request_;
  const Client::CallScope scope_;
  Done done_;
  Submission submission_;
  SubmitResult result_;

  std::mutex mutex_;  // guards what follows
  bool stopped_ = false;
  uint64_t step_ = 0;  // counts the steps taken
  std::function<void()> interrupt_;
};

}  // namespace bookstore::executor_client
