#pragma once

#include "http/router.h"
#include "orchestrator/order_waits.h"
#include "orchestrator/ports.h"
#include "process/readiness.h"
#include "telemetry/metrics.h"

namespace bookstore::orchestrator {

// Everything that the orchestrator serves; openapi.json describes exactly this. All arguments
// outlive the router's server.
void add_routes(http::Router& router, const Ports& ports, OrderWaits& waits,
                const process::Readiness& readiness, telemetry::Registry& metrics);

}  // namespace bookstore::orchestrator
