#include "orchestrator/book_routes.h"

#include "base/bytes.h"
#include "base/ids.h"
#include "json/json.h"
#include "orchestrator/book_json.h"
#include "orchestrator/preconditions.h"
#include "orchestrator/problems.h"
#include "telemetry/log.h"

namespace bookstore::orchestrator {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;

constexpr int64_t kPageDefault = 20;
constexpr int64_t kSimilarDefault = 5;
constexpr int64_t kSimilarMax = 20;

// Of the parameter `limit`; answers 400 and gives nothing when it is wrong.
std::optional<int64_t> read_limit(http::Exchange& exchange, int64_t fallback, int64_t max) {
  const auto text = exchange.request().query_value("limit");
  if (!text) return fallback;
  const auto limit = parse_number(*text, 1, max);
  if (!limit) {
    refuse(exchange, "invalid_parameter", "",
           {{"query:limit", "out_of_range", "From 1 to " + std::to_string(max) + "."}});
  }
  return limit;
}

// Runs `read` on a database thread, or says at once that there is none free.
void on_database(const Ports& ports, const ExchangePtr& exchange, std::function<void()> read) {
  if (!ports.database->try_submit(std::move(read))) refuse(*exchange, "overloaded");
}

void refuse_cursor(http::Exchange& exchange) {
  refuse(exchange, "invalid_parameter", "",
         {{"query:cursor", "invalid", "Take it from next_cursor of a page."}});
}

void refuse_read(http::Exchange& exchange, const absl::Status& status) {
  telemetry::log(telemetry::Level::kWarning, "read_failed",
                 {{"path", exchange.request().path}, {"reason", status.ToString()}});
  refuse(exchange, "database_unavailable");
}

// What can be sold is a courtesy: without it the books are shown all the same.
std::map<std::string, int64_t> available_or_none(const Ports& ports,
                                                 const std::vector<std::string>& book_ids,
                                                 base::Deadline deadline) {
  auto available = ports.available(book_ids, deadline);
  return available.ok() ? std::move(*available) : std::map<std::string, int64_t>{};
}

std::optional<int64_t> find(const std::map<std::string, int64_t>& available,
                            const std::string& book_id) {
  const auto found = available.find(book_id);
  return found == available.end() ? std::nullopt : std::optional(found->second);
}

void list_books(const Ports& ports, const ExchangePtr& exchange, int64_t limit,
                const std::string& cursor) {
  const auto deadline = base::Deadline::after(*ports.clock, ports.read_ms);
  const auto page = ports.list_books(static_cast<size_t>(limit), cursor, deadline);
  if (page.status().code() == absl::StatusCode::kInvalidArgument) {
    return refuse_cursor(*exchange);
  }
  if (!page.ok()) return refuse_read(*exchange, page.status());
  std::vector<std::string> book_ids;
  for (const auto& listed : page->books) book_ids.push_back(listed.book.id);
  const auto available = available_or_none(ports, book_ids, deadline);
  json::Array items;
  for (const auto& listed : page->books) {
    items.push_back(book_json(listed.book, find(available, listed.book.id)));
  }
  json::Object body;
  body["items"] = std::move(items);
  body["next_cursor"] =
      page->next_cursor.empty() ? json::Value(nullptr) : json::Value(page->next_cursor);
  http::Response response = http::json_response(200, body);
  if (!page->next_cursor.empty()) {
    response.headers.set("Link", "</v1/books?limit=" + std::to_string(limit) + "&cursor=" +
                                     http::percent_encode(page->next_cursor) + ">; rel=\"next\"");
  }
  base::ByteWriter hash;
  hash.u64(base::hash64(response.body));
  exchange->respond(conditional(exchange->request(), "\"" + base::to_hex(hash.bytes()) + "\"",
                                std::move(response)));
}

void get_book(const Ports& ports, const ExchangePtr& exchange) {
  const std::string& book_id = exchange->request().path_param("id");
  const auto deadline = base::Deadline::after(*ports.clock, ports.read_ms);
  const auto listed = ports.get_book(book_id, deadline);
  if (absl::IsNotFound(listed.status())) return refuse(*exchange, "no_such_book");
  if (!listed.ok()) return refuse_read(*exchange, listed.status());
  const auto available = find(available_or_none(ports, {book_id}, deadline), book_id);
  const std::string etag = "\"" + std::to_string(listed->revision) +
                           (available ? "-" + std::to_string(*available) : "") + "\"";
  exchange->respond(conditional(exchange->request(), etag,
                                http::json_response(200, book_json(listed->book, available))));
}

void answer_similar(const ExchangePtr& exchange,
                    const absl::StatusOr<contracts::suggestions::SuggestReply>& reply) {
  if (absl::IsNotFound(reply.status())) return refuse(*exchange, "no_such_book");
  json::Array items, degraded;
  if (reply.ok()) {
    for (const auto& suggestion : reply->suggestions()) {
      items.push_back(suggestion_json(suggestion));
    }
  } else {  // a page without suggestions is still a page
    degraded.emplace_back("suggestions");
  }
  json::Object body;
  body["items"] = std::move(items);
  body["degraded"] = std::move(degraded);
  exchange->respond(http::json_response(200, body));
}

void similar_books(const Ports& ports, const ExchangePtr& exchange, int64_t limit) {
  contracts::suggestions::SimilarRequest request;
  request.set_book_id(exchange->request().path_param("id"));
  request.set_limit(static_cast<uint32_t>(limit));
  ports.similar(request, exchange->request().traceparent,
                base::Deadline::after(*ports.clock, ports.similar_ms),
                [exchange](const auto& reply) { answer_similar(exchange, reply); });
}

}  // namespace

void add_book_routes(http::Router& router, const Ports& ports) {
  router.add("GET", "/v1/books", [&ports](const ExchangePtr& exchange) {
    const auto limit = read_limit(*exchange, kPageDefault, catalogue::Store::kPageMax);
    if (!limit) return;
    const std::string cursor = exchange->request().query_value("cursor").value_or("");
    if (!cursor.empty() && !base::valid_book_id(cursor)) return refuse_cursor(*exchange);
    on_database(ports, exchange, [&ports, exchange, limit = *limit, cursor] {
      list_books(ports, exchange, limit, cursor);
    });
  });
  router.add("GET", "/v1/books/{id}", [&ports](const ExchangePtr& exchange) {
    if (!base::valid_book_id(exchange->request().path_param("id"))) {
      return refuse(*exchange, "no_such_book");
    }
    on_database(ports, exchange, [&ports, exchange] { get_book(ports, exchange); });
  });
  router.add("GET", "/v1/books/{id}/similar", [&ports](const ExchangePtr& exchange) {
    if (!base::valid_book_id(exchange->request().path_param("id"))) {
      return refuse(*exchange, "no_such_book");
    }
    const auto limit = read_limit(*exchange, kSimilarDefault, kSimilarMax);
    if (limit) similar_books(ports, exchange, *limit);
  });
}

}  // namespace bookstore::orchestrator
