#pragma once

#include <string_view>

#include "http/router.h"

namespace bookstore::orchestrator {

// openapi.json of this folder, as it was compiled in. OpenAPI 3.1.
std::string_view openapi_document();

// GET /openapi.json: the document without its blanks.
void add_openapi_route(http::Router& router);

}  // namespace bookstore::orchestrator
