#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "http/router.h"
#include "telemetry/metrics.h"

namespace bookstore::http {

// The codes of the problems that the server and the router answer by themselves.
inline constexpr std::string_view kServerProblemCodes[] = {
    "malformed_request", "no_such_route",  "method_not_allowed",
    "request_timeout",   "body_too_large", "headers_too_large",
    "overloaded",        "timeout",        "internal"};

// HTTP/1.1 on one thread: parsing, writing and routing never block, so one is enough, and what a
// connection owns needs no lock. Handlers hand work to other threads and answer from there.
//
// At each limit: header block → 431, body → 413, malformed → 400, slow request → 408, slow or idle
// reader → closed, too many connections → 503 `overloaded`, a handler that does not answer in
// handler_ms → 503 `timeout`. Answers to pipelined requests keep their order.
class Server {
 public:
  struct Config {
    std::string listen;  // HOST:PORT, port 0 for any
    size_t body_bytes_max = 64 * 1024;
    size_t header_bytes_max = 8 * 1024;
    size_t connections_max = 1'024;
    base::DurationMs request_ms = 10'000;  // from the first byte of a request to its last
    base::DurationMs idle_ms = 60'000;     // between requests of a kept connection
    base::DurationMs handler_ms = 40'000;  // longer than the longest `Prefer: wait`
    base::DurationMs write_ms = 10'000;
  };

  // All but config outlive the server. `metrics` may be null.
  Server(Config config, const Router& router, const base::Clock& clock, base::Random& random,
         telemetry::Registry* metrics = nullptr);
  // Shuts down without grace if nobody did.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and starts serving. The port bound; AlreadyExists when it is taken; InvalidArgument for
  // an address that is none.
  absl::StatusOr<int> start();
  // Stops accepting, closes idle connections, lets exchanges in flight be answered until the
  // deadline, then closes everything and joins. Idempotent; not from a handler.
  void shutdown(base::Deadline deadline);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bookstore::http
