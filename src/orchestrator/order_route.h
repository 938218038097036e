#pragma once

#include "http/router.h"
#include "orchestrator/order_waits.h"

namespace bookstore::orchestrator {

// GET /v1/orders/{id}. `waits` outlives the router's server.
void add_order_route(http::Router& router, OrderWaits& waits);

}  // namespace bookstore::orchestrator
