#pragma once

#include "http/router.h"
#include "process/readiness.h"
#include "telemetry/metrics.h"

namespace bookstore::process {

// GET /healthz (the process answers), /readyz (200, or 503 with the reasons), /metrics. Both
// outlive the router's server.
void add_health_routes(http::Router& router, const Readiness& readiness,
                       telemetry::Registry& metrics);

}  // namespace bookstore::process
