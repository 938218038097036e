#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/deadline.h"

namespace bookstore::rpc {

// Asks one server for its health by the standard protocol (grpc.health.v1), on a connection of its
// own that no breaker guards. One thread; blocks until the deadline at most.
class HealthCheck {
 public:
  HealthCheck(std::string address, const base::Clock& clock);
  ~HealthCheck();
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  // OK when it serves, else one sentence that names the address.
  absl::Status ask(base::Deadline deadline);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::rpc
