#include "orchestrator/order_route.h"

#include "base/ids.h"
#include "orchestrator/problems.h"

namespace bookstore::orchestrator {

void add_order_route(http::Router& router, OrderWaits& waits) {
  router.add("GET", "/v1/orders/{id}", [&waits](const std::shared_ptr<http::Exchange>& exchange) {
    auto order_id = base::parse_order_id(exchange->request().path_param("id"));
    if (!order_id) return refuse(*exchange, "no_such_order");
    waits.answer(exchange, std::move(*order_id));
  });
}

}  // namespace bookstore::orchestrator
