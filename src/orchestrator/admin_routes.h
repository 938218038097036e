#pragma once

#include "http/router.h"
#include "orchestrator/ports.h"

namespace bookstore::orchestrator {

// /admin/v1/orders…: for operators, who show the token of the configuration. Without a token in
// `ports` nothing is added: the paths do not exist. Every action is a log line that says who.
void add_admin_routes(http::Router& router, const Ports& ports);

}  // namespace bookstore::orchestrator
