#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "checkout/request.h"
#include "orders/order.h"

// What the API says, as bytes: built in one place, so that the answer of a checkout, its replay and
// a later GET show an order in the same form.
namespace bookstore::checkout {

// RFC 9457; see json/problem.h for the fields.
struct Problem {
  int status = 500;
  std::string code;
  std::string title;
  std::string detail;
  std::string instance;  // also sent as Location
  std::string order_id;
  std::string trace_id;
  std::vector<FieldError> errors;
  bool retryable = false;
  int64_t retry_after_ms = 0;
};
Answer problem_answer(const Problem& problem);

// The order as GET /v1/orders/{id} and the 202 show it.
std::string order_body(const orders::Order& order);
// "\"7\"" of revision 7.
std::string order_etag(int64_t revision);
std::string order_path(const base::OrderId& order_id);

// 202 with Location, ETag and Retry-After.
Answer order_answer(const orders::Order& order);
// The answer that was stored with the order: the same bytes, the headers made again from them.
Answer stored_answer(int status, std::string body, const base::OrderId& order_id);

}  // namespace bookstore::checkout
