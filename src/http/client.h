#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "http/message.h"

namespace bookstore::http {

// A blocking HTTP/1.1 client for the cli, the demo and tests. Keeps its connection between
// requests; a kept connection that turns out dead before a byte was answered is opened anew, once,
// for GET and HEAD only. One thread at a time.
class Client {
 public:
  Client(std::string host, int port, const base::Clock& clock,
         size_t body_bytes_max = 16 * 1024 * 1024);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is an answer. Unavailable: not connected or connection lost; DeadlineExceeded.
  absl::StatusOr<Response> request(std::string method, std::string target, Headers headers,
                                   std::string body, base::Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::http
