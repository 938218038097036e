#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/shop.h"

namespace bookstore::crash_points {

// A shopper as the API asks for: the same body with the same key, until there is an answer.
class PatientClient {
 public:
  PatientClient(const cli::Endpoints& endpoints, const base::Clock& clock, std::string body,
                std::string key)
      : clock_(clock),
        shop_(endpoints, clock),
        http_("127.0.0.1", endpoints.http_port, clock),
        body_(std::move(body)),
        key_(std::move(key)) {}

  // Retries what may be retried; `between` hears each answer that is none ("503 no_leader",
  // "no connection"). DEADLINE_EXCEEDED names them.
  absl::StatusOr<http::Response> buy(base::Deadline deadline,
                                     const std::function<void(const std::string&)>& between);
  // The order's state once it has ended: "failed card_declined". `between` hears the states before.
  absl::StatusOr<std::string> end_of(const std::string& order_id, base::Deadline deadline,
                                     const std::function<void(const std::string&)>& between);

 private:
  const base::Clock& clock_;
  cli::Shop shop_;
  http::Client http_;
  const std::string body_;
  const std::string key_;
};

// "503 no_leader", "202".
std::string describe(const absl::StatusOr<http::Response>& answer);

}  // namespace bookstore::crash_points
