#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/expiring_map.h"
#include "contracts/methods.h"
#include "rpc/server.h"
#include "suggestions/store.h"
#include "telemetry/metrics.h"

namespace bookstore::suggestions {

// bookstore.suggestions.v1.Suggestions: the nearest books to an order's cart or to one book.
// Between Init and Suggest it keeps an order's cart in memory. All arguments outlive the service,
// the service outlives the server.
class Service {
 public:
  struct Config {
    base::DurationMs order_lifetime_ms = 60'000;  // longer than any checkout's deadline
    size_t orders_max = 100'000;                  // then Init is refused
    // What was found for a cart is answered again for so long: a book that was sold out or changed
    // meanwhile may still be suggested.
    base::DurationMs answers_kept_ms = 5'000;
    size_t answers_max = 2'000;  // of small carts; then nothing more is kept
  };
  Service(Config config, Store& store, const base::Clock& clock, telemetry::Registry& metrics);

  void register_on(rpc::Server& server);

 private:
  using InitRequest = contracts::suggestions::InitRequest;
  using InitReply = contracts::suggestions::InitReply;
  using SuggestRequest = contracts::suggestions::SuggestRequest;
  using SimilarRequest = contracts::suggestions::SimilarRequest;
  using SuggestReply = contracts::suggestions::SuggestReply;
  using IndexStatusReply = contracts::suggestions::IndexStatusReply;
  using Cart = std::shared_ptr<const std::vector<std::string>>;

  absl::StatusOr<InitReply> init(const rpc::ServerCall& call, const InitRequest& request);
  absl::StatusOr<SuggestReply> suggest(const rpc::ServerCall& call, const SuggestRequest& request);
  absl::StatusOr<SuggestReply> similar(const rpc::ServerCall& call, const SimilarRequest& request);
  absl::StatusOr<IndexStatusReply> index_status(const rpc::ServerCall& call);
  absl::StatusOr<SuggestReply> answer(const std::vector<std::string>& cart, uint32_t limit,
                                      base::Deadline deadline);
  absl::StatusOr<SuggestReply> search(const std::vector<std::string>& cart, uint32_t limit,
                                      base::Deadline deadline);

  Store& store_;
  const base::Clock& clock_;
  base::ExpiringMap<Cart> carts_;
  base::ExpiringMap<std::shared_ptr<const SuggestReply>> answers_;
  telemetry::Counter& answered_;
  telemetry::Counter& empty_;
  telemetry::Counter& failed_;
  telemetry::Histogram& search_ms_;
};

}  // namespace bookstore::suggestions
