#pragma once

#include "http/router.h"
#include "orchestrator/ports.h"

namespace bookstore::orchestrator {

// GET /v1/books, /v1/books/{id} and /v1/books/{id}/similar.
void add_book_routes(http::Router& router, const Ports& ports);

}  // namespace bookstore::orchestrator
