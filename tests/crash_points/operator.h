#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/endpoints.h"
#include "http/client.h"

namespace bookstore::crash_points {

// Who decides about orders that wait for a person, by the admin routes.
class Operator {
 public:
  // The token of the platform's operators: 64 hex digits.
  Operator(const cli::Endpoints& endpoints, const base::Clock& clock, std::string token)
      : clock_(clock),
        http_("127.0.0.1", endpoints.http_port, clock),
        authorization_("Bearer " + std::move(token)) {}

  // "approve", "decline", "retry", "abort". The status of the answer: 200 done, 409 refused; 0 and
  // 503 when nobody knows: the order's state says what to do next.
  int act(const std::string& action, const std::string& order_id);

 private:
  const base::Clock& clock_;
  http::Client http_;
  const std::string authorization_;
};

}  // namespace bookstore::crash_points
