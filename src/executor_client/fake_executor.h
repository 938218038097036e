#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "contracts/methods.h"
#include "rpc/server.h"

namespace bookstore::executor_client {

// For tests: one member of an executor, real on the wire, that answers what a test tells it to.
// Set what it answers before start().
struct FakeExecutor {
  using Submit = contracts::executor::SubmitRequest;
  using SubmitReply = contracts::executor::SubmitReply;
  using Order = contracts::executor::GetOrderRequest;
  using OrderReply = contracts::executor::GetOrderReply;
  using Watch = contracts::executor::WatchTransitionsRequest;
  using WatchReply = contracts::executor::WatchTransitionsReply;
  using StatusReply = contracts::executor::StatusReply;

  std::function<absl::StatusOr<SubmitReply>(const Submit&)> submit = [](const Submit&) {
    SubmitReply reply;
    reply.set_outcome(contracts::executor::SUBMIT_OUTCOME_ACCEPTED);
    reply.set_state(contracts::executor::ORDER_STATE_ACCEPTED);
    reply.set_index(1);
    return reply;
  };
  std::function<absl::StatusOr<OrderReply>(const Order&)> get_order = [](const Order&) {
    return OrderReply();
  };
  std::function<absl::StatusOr<WatchReply>(rpc::ServerCall&, const Watch&)> watch =
      [](rpc::ServerCall&, const Watch&) { return WatchReply(); };
  using Admin = contracts::executor::AdminRequest;
  using AdminReply = contracts::executor::AdminReply;
  using Description = contracts::executor::DescribeOrderReply;

  std::function<absl::StatusOr<AdminReply>(const Admin&)> retry_order = done_reply;
  std::function<absl::StatusOr<AdminReply>(const Admin&)> abort_order = done_reply;
  std::function<absl::StatusOr<Description>(const Order&)> describe_order = [](const Order&) {
    return Description();
  };
  std::function<absl::StatusOr<StatusReply>()> status = [] {
    StatusReply reply;
    reply.set_leader(true);
    reply.set_term(1);
    return reply;
  };

  // The address; `listen` names a port to come back on.
  std::string start(const base::Clock& clock, const std::string& listen = "127.0.0.1:0") {
    server = std::make_unique<rpc::Server>(rpc::Server::Config{.listen = listen}, clock);
    server->handle(contracts::executor::kSubmit,
                   [this](rpc::ServerCall&, const Submit& request) { return submit(request); });
    server->handle(contracts::executor::kGetOrder,
                   [this](rpc::ServerCall&, const Order& request) { return get_order(request); });
    server->handle(
        contracts::executor::kWatchTransitions,
        [this](rpc::ServerCall& call, const Watch& request) { return watch(call, request); });
    server->handle(
        contracts::executor::kStatus,
        [this](rpc::ServerCall&, const contracts::executor::StatusRequest&) { return status(); });
    server->handle(contracts::executor::kRetryOrder,
                   [this](rpc::ServerCall&, const Admin& request) { return retry_order(request); });
    server->handle(contracts::executor::kAbortOrder,
                   [this](rpc::ServerCall&, const Admin& request) { return abort_order(request); });
    server->handle(
        contracts::executor::kDescribeOrder,
        [this](rpc::ServerCall&, const Order& request) { return describe_order(request); });
    const auto port = server->start();
    return port.ok() ? "127.0.0.1:" + std::to_string(*port) : "";
  }

  static absl::StatusOr<AdminReply> done_reply(const Admin&) {
    AdminReply reply;
    reply.set_outcome(contracts::executor::ADMIN_OUTCOME_DONE);
    return reply;
  }

  std::unique_ptr<rpc::Server> server;
};

}  // namespace bookstore::executor_client
