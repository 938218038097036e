#include "orchestrator/openapi.h"

#include "base/check.h"
#include "json/json.h"

namespace bookstore::orchestrator {

void add_openapi_route(http::Router& router) {
  const std::string_view document = openapi_document();
  const auto parsed = json::parse(document, {.bytes_max = document.size(), .depth_max = 32});
  BOOKSTORE_CHECK(parsed.ok(), "openapi.json: ", parsed.status().ToString());
  router.add("GET", "/openapi.json",
             [body = json::write(*parsed)](const std::shared_ptr<http::Exchange>& exchange) {
               exchange->respond({200,
                                  {{"Content-Type", "application/json"},
                                   {"Cache-Control", "public, max-age=300"}},
                                  body});
             });
}

}  // namespace bookstore::orchestrator
