#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/ids.h"
#include "base/worker_pool.h"
#include "catalogue/store.h"
#include "checkout/request.h"
#include "checkout/review.h"
#include "contracts/methods.h"
#include "executor_client/client.h"
#include "executor_client/transition_watch.h"
#include "orchestrator/admin_token.h"
#include "orders/operator_view.h"
#include "orders/store.h"

namespace bookstore::orchestrator {

// What the routes need of the rest of the platform. The wiring gives the real things, tests give
// their own. Those marked "blocks" are called on threads of `database` alone.
struct Ports {
  // What came with a checkout besides its body.
  struct Door {
    std::string idempotency_key;  // as sent, empty when missing
    std::string traceparent;
    std::string client_ip;
  };
  using Answered = std::function<void(checkout::Answer)>;
  std::function<void(checkout::CheckoutRequest, Door, Answered)> checkout;

  std::function<absl::StatusOr<orders::Order>(const base::OrderId&, base::Deadline)>
      read_order;  // blocks
  // Brings one transition of the executor into the order's row, if the leader has not yet.
  std::function<absl::Status(const orders::Transition&, base::Deadline)> project;  // blocks
  std::function<absl::StatusOr<std::unique_ptr<executor_client::TransitionWatch::Subscription>>(
      std::string, executor_client::TransitionWatch::Listener)>
      subscribe;
  // What the executor itself says of an order, which may be ahead of the row.
  std::function<void(const base::OrderId&, base::Deadline,
                     std::function<void(absl::StatusOr<executor_client::OrderView>)>)>
      ask_executor;

  std::function<absl::StatusOr<catalogue::Page>(size_t, const std::string&, base::Deadline)>
      list_books;  // blocks
  std::function<absl::StatusOr<catalogue::ListedBook>(const std::string&, base::Deadline)>
      get_book;  // blocks
  // Copies that can be sold now, by book id; unknown books are absent.
  std::function<absl::StatusOr<std::map<std::string, int64_t>>(const std::vector<std::string>&,
                                                               base::Deadline)>
      available;  // blocks
  std::function<void(const contracts::suggestions::SimilarRequest&, std::string traceparent,
                     base::Deadline,
                     std::function<void(absl::StatusOr<contracts::suggestions::SuggestReply>)>)>
      similar;

  // For operators; see admin_routes.h. Without a token there are no such routes.
  std::shared_ptr<const AdminToken> admin_token;
  std::function<absl::StatusOr<orders::OperatorView>(const base::OrderId&, base::Deadline)>
      read_operator_view;  // blocks
  std::function<absl::StatusOr<std::vector<orders::ListedOrder>>(const orders::ListQuery&,
                                                                 base::Deadline)>
      list_orders;  // blocks
  std::function<void(checkout::ReviewCall,
                     std::function<void(absl::StatusOr<checkout::ReviewVerdict>)>)>
      review;
  using ExecutorCommand =
      std::function<void(const base::OrderId&, std::string traceparent, base::Deadline,
                         std::function<void(absl::StatusOr<executor_client::AdminResult>)>)>;
  ExecutorCommand retry_order, abort_order;
  std::function<void(const base::OrderId&, base::Deadline,
                     std::function<void(absl::StatusOr<contracts::executor::DescribeOrderReply>)>)>
      describe_order;

  base::WorkerPool* database = nullptr;
  const base::Clock* clock = nullptr;
  base::DurationMs read_ms = 1'000;     // of one read from the database
  base::DurationMs similar_ms = 1'000;  // of one call to suggestions
  base::DurationMs admin_ms = 2'000;    // of one read or command for an operator
};

}  // namespace bookstore::orchestrator
