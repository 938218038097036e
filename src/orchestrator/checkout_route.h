#pragma once

#include "http/router.h"
#include "orchestrator/ports.h"

namespace bookstore::orchestrator {

// POST /v1/checkout: judges media type and form of the body, hands the order to the runner, gives
// the runner's answer. The body's bytes are overwritten before the order is run.
void add_checkout_route(http::Router& router, const Ports& ports);

}  // namespace bookstore::orchestrator
