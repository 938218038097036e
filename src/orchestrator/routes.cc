#include "orchestrator/routes.h"

#include "orchestrator/admin_routes.h"
#include "orchestrator/book_routes.h"
#include "orchestrator/checkout_route.h"
#include "orchestrator/openapi.h"
#include "orchestrator/order_route.h"
#include "process/health_routes.h"

namespace bookstore::orchestrator {

void add_routes(http::Router& router, const Ports& ports, OrderWaits& waits,
                const process::Readiness& readiness, telemetry::Registry& metrics) {
  add_checkout_route(router, ports);
  add_order_route(router, waits);
  add_book_routes(router, ports);
  add_admin_routes(router, ports);
  add_openapi_route(router);
  process::add_health_routes(router, readiness, metrics);
}

}  // namespace bookstore::orchestrator
