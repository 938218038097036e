#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "cli/endpoints.h"
#include "http/client.h"
#include "json/fwd.h"
#include "postgres/pool.h"

namespace bookstore::cli {

// A shopper who was never here before: name, e-mail, address and card are new each time, so that
// nothing that earlier orders left behind has a say.
struct Shopper {
  std::string name;
  std::string email;
  std::string street;
  std::string city;
  std::string postal_code;
  std::string country;
  std::string card_number;  // passes the check digit
  int expiry_year = 0;
};
Shopper make_shopper(const base::Clock& clock, base::Random& random);
// A Visa number with a right check digit that is no provider's test number with a meaning.
std::string make_card_number(base::Random& random);

struct CheckoutLine {
  std::string book_id;
  int64_t quantity = 1;
};
std::string checkout_body(const Shopper& shopper, const CheckoutLine& line,
                          const std::string& shipping_class = "standard");

// A running platform as a shopper sees it, and, for checks, through the database's published views.
// One thread.
class Shop {
 public:
  // At an orchestrator of the platform, from 1.
  Shop(const Endpoints& endpoints, const base::Clock& clock, int orchestrator = 1);

  absl::StatusOr<http::Response> checkout(const std::string& body, const std::string& key);
  // Waits until the order has ended (or parked); its JSON.
  absl::StatusOr<json::Value> wait_for_end(const std::string& order_id, base::Deadline deadline);
  absl::StatusOr<json::Value> order(const std::string& order_id, base::Deadline deadline);

  // A book with stock to spare and an everyday price.
  absl::StatusOr<std::string> everyday_book();
  // The book with the least stock; its quantity + 1 is an order that cannot be fulfilled.
  absl::StatusOr<CheckoutLine> more_than_the_stock();
  absl::StatusOr<int64_t> free_stock(const std::string& book_id);
  // What the provider itself says it captured for this order.
  absl::StatusOr<int64_t> captures(const std::string& order_id);

 private:
  absl::StatusOr<int64_t> number(const postgres::Statement& statement, const std::string& key);

  const base::Clock& clock_;
  http::Client client_;
  postgres::Pool pool_;
};

// The text at a JSON pointer, or empty.
std::string text_at(const json::Value& value, const char* pointer);

}  // namespace bookstore::cli
