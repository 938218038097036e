#include "cli/shop.h"

#include <array>

#include "base/ids.h"
#include "base/status.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kRequestMs = 15'000;
constexpr base::DurationMs kQueryMs = 10'000;

constexpr postgres::Statement kEverydayBook{
    "SELECT book_id FROM inventory.published_stock JOIN catalogue.published_books USING (book_id) "
    "WHERE free >= 20 AND price_minor BETWEEN 500 AND 2500 ORDER BY random() LIMIT 1"};
constexpr postgres::Statement kLeastStock{
    "SELECT book_id, free FROM inventory.published_stock WHERE free < 20 "
    "ORDER BY free, book_id LIMIT 1"};
constexpr postgres::Statement kFreeStock{
    "SELECT free AS n FROM inventory.published_stock WHERE book_id = $1"};
// The provider's keys are ours: order id, a colon, the step.
constexpr postgres::Statement kCaptures{
    "SELECT count(*) AS n FROM sandbox.published_ledger "
    "WHERE kind = 'capture' AND outcome = 'approved' AND starts_with(key, $1 || ':')"};

bool has_ended(const std::string& status) {
  return status == "completed" || status == "failed" || status == "rejected" ||
         status == "canceled" || status == "needs_attention";
}

template <size_t N>
const char* pick(const std::array<const char*, N>& names, base::Random& random) {
  return names[random.below(N)];
}

}  // namespace

std::string make_card_number(base::Random& random) {
  std::string digits = "453201";
  while (digits.size() < 15) digits += static_cast<char>('0' + random.below(10));
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int doubled = (digits[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

Shopper make_shopper(const base::Clock& clock, base::Random& random) {
  static constexpr std::array kFirst = {"Ada",  "Jaan", "Marta", "Oskar",
                                        "Lena", "Paul", "Ines",  "Karl"};
  static constexpr std::array kLast = {"Reader", "Tamm",  "Novak", "Lind",
                                       "Weber",  "Rossi", "Costa", "Berg"};
  static constexpr std::array kStreets = {"Lindenstrasse", "Bergweg", "Gartenstrasse", "Uferweg"};
  Shopper shopper;
  shopper.name = std::string(pick(kFirst, random)) + " " + pick(kLast, random);
  std::string mailbox = base::make_ulid(clock, random);
  for (char& c : mailbox)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  shopper.email = mailbox + "@example.org";
  shopper.street =
      std::string(pick(kStreets, random)) + " " + std::to_string(1 + random.below(900));
  shopper.city = "Berlin";
  shopper.postal_code = std::to_string(10'115 + random.below(3'000));
  shopper.country = "DE";
  shopper.card_number = make_card_number(random);
  shopper.expiry_year = base::civil_from_wall(clock.wall_ms()).year + 2;
  return shopper;
}

std::string checkout_body(const Shopper& shopper, const CheckoutLine& line,
                          const std::string& shipping_class) {
  const json::Object body{
      {"items", json::Array{json::Object{{"book_id", line.book_id}, {"quantity", line.quantity}}}},
      {"customer", json::Object{{"name", shopper.name}, {"email", shopper.email}}},
      {"billing_address", json::Object{{"line1", shopper.street},
                                       {"city", shopper.city},
                                       {"postal_code", shopper.postal_code},
                                       {"country", shopper.country}}},
      {"card", json::Object{{"number", shopper.card_number},
                            {"expiry_month", 12},
                            {"expiry_year", shopper.expiry_year},
                            {"cvc", "123"}}},
      {"shipping_class", shipping_class}};
  return json::write(body);
}

Shop::Shop(const Endpoints& endpoints, const base::Clock& clock, int orchestrator)
    : clock_(clock),
      client_("127.0.0.1", endpoints.http_port_of(orchestrator), clock),
      pool_({.conninfo = endpoints.database, .connections_max = 1}, clock) {}

absl::StatusOr<http::Response> Shop::checkout(const std::string& body, const std::string& key) {
  return client_.request("POST", "/v1/checkout",
                         {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}, body,
                         base::Deadline::after(clock_, kRequestMs));
}

absl::StatusOr<json::Value> Shop::order(const std::string& order_id, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const http::Response response,
      client_.request("GET", "/v1/orders/" + order_id, {{"Prefer", "wait=5"}}, "",
                      deadline.at_most(clock_, kRequestMs)));
  if (response.status != 200)
    return absl::UnavailableError("GET /v1/orders/" + order_id + " answers " +
                                  std::to_string(response.status));
  return json::parse(response.body);
}

absl::StatusOr<json::Value> Shop::wait_for_end(const std::string& order_id,
                                               base::Deadline deadline) {
  for (;;) {
    BOOKSTORE_ASSIGN_OR_RETURN(json::Value now, order(order_id, deadline));
    if (has_ended(text_at(now, "/status"))) return now;
    if (deadline.passed(clock_))
      return absl::DeadlineExceededError(order_id + " is still " + text_at(now, "/status"));
  }
}

absl::StatusOr<std::string> Shop::everyday_book() {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto result, pool_.query(kEverydayBook, {}, base::Deadline::after(clock_, kQueryMs)));
  if (result.empty())
    return absl::FailedPreconditionError(
        "no book has 20 copies left; './bookstore import' a file with more");
  return result[0].text("book_id");
}

absl::StatusOr<CheckoutLine> Shop::more_than_the_stock() {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto result,
                             pool_.query(kLeastStock, {}, base::Deadline::after(clock_, kQueryMs)));
  if (result.empty())
    return absl::FailedPreconditionError(
        "every book has 20 copies or more; one with fewer is needed");
  return CheckoutLine{result[0].text("book_id"), result[0].int64("free") + 1};
}

absl::StatusOr<int64_t> Shop::number(const postgres::Statement& statement, const std::string& key) {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto result, pool_.query(statement, {key}, base::Deadline::after(clock_, kQueryMs)));
  if (result.empty()) return absl::NotFoundError("nothing is known of " + key);
  return result[0].int64("n");
}

absl::StatusOr<int64_t> Shop::free_stock(const std::string& book_id) {
  return number(kFreeStock, book_id);
}

absl::StatusOr<int64_t> Shop::captures(const std::string& order_id) {
  return number(kCaptures, order_id);
}

std::string text_at(const json::Value& value, const char* pointer) {
  boost::system::error_code error;
  const json::Value* found = value.find_pointer(pointer, error);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace bookstore::cli
