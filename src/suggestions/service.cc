#include "suggestions/service.h"

#include <set>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "rpc/error_detail.h"
#include "rpc/order_key.h"
#include "suggestions/ranking.h"

namespace bookstore::suggestions {
namespace {

namespace api = contracts::suggestions;

constexpr uint32_t kLimitMax = 20;
// The nearest to each book of the cart are not exactly the best for all of it: rank() chooses.
constexpr size_t kCandidatesPerSuggestion = 3;
constexpr int kCartMax = 100;       // lines of a checkout
constexpr size_t kKeptCartMax = 8;  // books; few carts of many are alike
constexpr int64_t kNotIndexedRetryMs = 5'000;

absl::Status check_limit(uint32_t limit) {
  if (limit >= 1 && limit <= kLimitMax) return absl::OkStatus();
  return rpc::refuse(absl::StatusCode::kInvalidArgument, "bad_limit", "limit is not 1 to 20");
}

absl::Status bad_book_id() {
  return rpc::refuse(absl::StatusCode::kInvalidArgument, "bad_book_id",
                     "a book id is 1 to 64 letters, digits or _.-");
}

telemetry::Counter& answers(telemetry::Registry& metrics, const char* result) {
  return metrics.counter("bookstore_suggestions_answers_total",
                         "Questions for suggestions, by what came of them.", {{"result", result}});
}

api::SuggestReply reply_of(std::vector<Suggestion> suggestions) {
  api::SuggestReply reply;
  for (Suggestion& suggestion : suggestions) {
    api::Suggestion* out = reply.add_suggestions();
    out->set_book_id(std::move(suggestion.book.id));
    out->set_title(std::move(suggestion.book.title));
    for (std::string& author : suggestion.book.authors) out->add_authors(std::move(author));
    out->set_score(suggestion.score);
    out->set_reason(std::move(suggestion.reason));
  }
  return reply;
}

}  // namespace

Service::Service(Config config, Store& store, const base::Clock& clock,
                 telemetry::Registry& metrics)
    : store_(store),
      clock_(clock),
      carts_({.lifetime_ms = config.order_lifetime_ms, .capacity = config.orders_max}),
      answers_({.lifetime_ms = config.answers_kept_ms, .capacity = config.answers_max}),
      answered_(answers(metrics, "answered")),
      empty_(answers(metrics, "empty")),
      failed_(answers(metrics, "failed")),
      search_ms_(metrics.histogram("bookstore_suggestions_search_ms",
                                   "Time of the search in the database.")) {
  telemetry::Gauge& orders =
      metrics.gauge("bookstore_suggestions_orders", "Orders whose cart is kept for Suggest.");
  metrics.on_collect([this, &orders] { orders.set(static_cast<double>(carts_.size())); });
}

void Service::register_on(rpc::Server& server) {
  // Init keeps ids in memory and runs where it arrives; the others wait for the database.
  server.handle_async(api::kInit, [this](auto call, const InitRequest& request, auto respond) {
    respond(init(*call, request));
  });
  server.handle(api::kSuggest, [this](rpc::ServerCall& call, const SuggestRequest& request) {
    return suggest(call, request);
  });
  server.handle(api::kSimilar, [this](rpc::ServerCall& call, const SimilarRequest& request) {
    return similar(call, request);
  });
  server.handle(api::kIndexStatus, [this](rpc::ServerCall& call, const api::IndexStatusRequest&) {
    return index_status(call);
  });
}

absl::StatusOr<Service::InitReply> Service::init(const rpc::ServerCall& call,
                                                 const InitRequest& request) {
  BOOKSTORE_RETURN_IF_ERROR(rpc::check_same_order(call, request.order()));
  if (request.book_ids().empty() || request.book_ids_size() > kCartMax) {
    return rpc::refuse(absl::StatusCode::kInvalidArgument, "bad_cart", "a cart has 1 to 100 books");
  }
  std::vector<std::string> cart;
  std::set<std::string> seen;
  for (const std::string& id : request.book_ids()) {
    if (!base::valid_book_id(id)) return bad_book_id();
    if (seen.insert(id).second) cart.push_back(id);
  }
  const bool kept = carts_.put(rpc::key_text(request.order()),
                               std::make_shared<const std::vector<std::string>>(std::move(cart)),
                               clock_.steady_ms());
  if (!kept) return rpc::too_many_orders();
  return InitReply();
}

absl::StatusOr<Service::SuggestReply> Service::suggest(const rpc::ServerCall& call,
                                                       const SuggestRequest& request) {
  BOOKSTORE_RETURN_IF_ERROR(rpc::check_same_order(call, request.order()));
  BOOKSTORE_RETURN_IF_ERROR(check_limit(request.limit()));
  const auto cart = carts_.find(rpc::key_text(request.order()), clock_.steady_ms());
  if (!cart) return rpc::unknown_order();
  return answer(**cart, request.limit(), call.deadline());
}

absl::StatusOr<Service::SuggestReply> Service::similar(const rpc::ServerCall& call,
                                                       const SimilarRequest& request) {
  BOOKSTORE_RETURN_IF_ERROR(check_limit(request.limit()));
  if (!base::valid_book_id(request.book_id())) return bad_book_id();
  return answer({request.book_id()}, request.limit(), call.deadline());
}

// A popular book is in many carts: its search is the most expensive part of a checkout.
absl::StatusOr<Service::SuggestReply> Service::answer(const std::vector<std::string>& cart,
                                                      uint32_t limit, base::Deadline deadline) {
  std::string question = std::to_string(limit);
  for (const std::string& book_id : cart) question += ' ' + book_id;
  if (const auto kept = answers_.find(question, clock_.steady_ms())) {
    ((*kept)->suggestions().empty() ? empty_ : answered_).increment();
    return **kept;
  }
  auto found = search(cart, limit, deadline);
  if (found.ok() && cart.size() <= kKeptCartMax) {
    // No room is no harm: it is searched for again.
    static_cast<void>(
        answers_.put(question, std::make_shared<const SuggestReply>(*found), clock_.steady_ms()));
  }
  return found;
}

absl::StatusOr<Service::SuggestReply> Service::search(const std::vector<std::string>& cart,
                                                      uint32_t limit, base::Deadline deadline) {
  const base::SteadyMs started_ms = clock_.steady_ms();
  auto near = store_.near(cart, kCandidatesPerSuggestion * limit, deadline);
  search_ms_.observe(static_cast<double>(clock_.steady_ms() - started_ms));
  if (!near.ok() || near->unindexed) failed_.increment();
  if (!near.ok()) return near.status();
  if (near->unknown) {
    return rpc::refuse(absl::StatusCode::kNotFound, "unknown_book",
                       "the catalogue has none of these books");
  }
  if (near->unindexed) {
    return rpc::refuse(absl::StatusCode::kUnavailable, "not_indexed",
                       "these books have no vector yet", /*retryable=*/true, kNotIndexedRetryMs);
  }
  auto suggestions = rank(near->cart, near->candidates, limit);
  (suggestions.empty() ? empty_ : answered_).increment();
  return reply_of(std::move(suggestions));
}

absl::StatusOr<Service::IndexStatusReply> Service::index_status(const rpc::ServerCall& call) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto status, store_.index_status(call.deadline()));
  IndexStatusReply reply;
  reply.set_books(status.books);
  reply.set_indexed(status.indexed);
  reply.set_model_revision(store_.model_revision());
  return reply;
}

}  // namespace bookstore::suggestions
