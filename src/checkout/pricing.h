#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/money.h"
#include "checkout/request.h"
#include "orders/order.h"

namespace bookstore::checkout {

// What the catalogue says of a book.
struct PriceTag {
  std::string title;
  base::Money price;
};

struct Priced {
  std::vector<orders::Line> lines;  // one a book, in the order of first mention
  base::Money total;
};

// Why there is no price: a code of problems.h and the wrong fields.
struct Unpriced {
  std::string code;  // validation_failed, total_mismatch
  std::vector<FieldError> errors;
};

// Merges lines of one book and prices them by the catalogue alone; what the client believes the
// total to be is only compared.
std::variant<Priced, Unpriced> price(const CheckoutRequest& request,
                                     const std::map<std::string, PriceTag>& tags);

// 1 to 255 printable ASCII characters.
bool valid_idempotency_key(std::string_view key);

}  // namespace bookstore::checkout
