#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "executor_client/client.h"
#include "executor_client/fan_out.h"
#include "executor_client/members.h"

namespace bookstore::executor_client {

// One admin request: finds the leader, asks it, and asks again only as long as the answers prove
// that nothing was proposed.
class AdminOperation final : public Operation, public std::enable_shared_from_this<AdminOperation> {
 public:
  using Method =
      contracts::Method<contracts::executor::AdminRequest, contracts::executor::AdminReply>;
  using Done = std::function<void(absl::StatusOr<AdminResult>)>;

  AdminOperation(Members& members, const base::Clock& clock, const Client::Config& config,
                 const Method& method, const std::string& order_id, Client::CallScope scope,
                 Done done);
  void start();
  void stop() override;

 private:
  void look();
  void looked(const FanOut<decltype(contracts::executor::kStatus)>::Replies& replies);
  void ask(size_t member);
  void answered(size_t member, const absl::StatusOr<contracts::executor::AdminReply>& reply);
  // Nothing was proposed by any try so far.
  void look_again();
  void finish(absl::StatusOr<AdminResult> result);
  // What stop() must interrupt.
  void running(std::function<void()> interrupt);
  bool stopped();

  Members& members_;
  const base::Clock& clock_;
  const Client::Config& config_;
  const Method& method_;
  contracts::executor::AdminRequest request_;
  const Client::CallScope scope_;
  Done done_;
  const base::SteadyMs look_until_ms_;

  std::mutex mutex_;  // guards what follows
  bool stopped_ = false;
  std::function<void()> interrupt_;
};

}  // namespace bookstore::executor_client
