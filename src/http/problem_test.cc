#include "http/problem.h"

#include <gtest/gtest.h>

namespace bookstore::http {
namespace {

TEST(Problem, CarriesWhatRfc9457AsksAndOurOwnFields) {
  const Response response = problem_response({.status = 503,
                                              .code = "no_leader",
                                              .title = "The order service has no leader",
                                              .detail = "Nothing was promised.",
                                              .instance = "/v1/orders/ord_1",
                                              .order_id = "ord_1",
                                              .trace_id = "4bf9",
                                              .retryable = true,
                                              .retry_after_ms = 1'500});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.headers.get("Retry-After"), "2");
  EXPECT_EQ(response.body,
            R"({"type":"/problems/no-leader",)"
            R"("title":"The order service has no leader","status":503,"code":"no_leader",)"
            R"("detail":"Nothing was promised.","instance":"/v1/orders/ord_1",)"
            R"("order_id":"ord_1","trace_id":"4bf9","retryable":true,"retry_after_ms":1500})");
}

TEST(Problem, ErrorsPointAtFieldsAndEmptyPartsAreLeftOut) {
  EXPECT_EQ(problem_response({.status = 400,
                              .code = "invalid_request",
                              .errors = {{"/items/0/quantity", "too_large", "At most 99."},
                                         {"/card/number", "required", ""}}})
                .body,
            R"({"type":"/problems/invalid-request",)"
            R"("title":"Bad Request","status":400,"code":"invalid_request","errors":[)"
            R"({"pointer":"/items/0/quantity","code":"too_large","detail":"At most 99."},)"
            R"({"pointer":"/card/number","code":"required"}],"retryable":false})");
}

}  // namespace
}  // namespace bookstore::http
