#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "contracts/method.h"
#include "resilience/circuit_breaker.h"
#include "rpc/call_context.h"

namespace google::protobuf {
class MessageLite;
}

namespace bookstore::rpc {

// A call in flight. cancel() is best effort, idempotent, any thread; `done` still runs, once.
// Never call it while holding a lock that `done` takes.
class Call {
 public:
  virtual ~Call() = default;
  virtual void cancel() = 0;
};
using CallHandle = std::shared_ptr<Call>;

// The calls of this process to one service, with one circuit breaker for it. Any thread.
// Order of guards: deadline → breaker → attempt. A refusal by the breaker is UNAVAILABLE with
// ErrorDetail `circuit_open`. Our own cancellation is CANCELLED and never counts against the peer.
class Client {
 public:
  struct Config {
    std::string peer;                    // for logs, metrics and events: "fraud"
    std::vector<std::string> addresses;  // HOST:PORT
    resilience::CircuitBreaker::Config breaker = {};
  };
  struct Counters {
    uint64_t calls = 0, failures = 0, retries = 0, refused_by_breaker = 0, without_order = 0;
  };
  Client(Config config, const base::Clock& clock, base::Random& random);
  // Cancels what is in flight and waits until every `done` has run.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `done` runs exactly once, on a thread of the rpc layer: post on from there, never block in it.
  // `instance` picks one of the addresses (rendezvous choice of the order); negative: any.
  template <class M>
  CallHandle call(const M& method, const typename M::Request& request, CallOptions options,
                  std::function<void(absl::StatusOr<typename M::Reply>)> done) {
    auto reply = std::make_shared<typename M::Reply>();
    google::protobuf::MessageLite* raw = reply.get();
    return start(method.service, method.name, request, raw, std::move(options),
                 [reply = std::move(reply), done = std::move(done)](absl::Status status) {
                   if (status.ok()) {
                     done(std::move(*reply));
                   } else {
                     done(std::move(status));
                   }
                 });
  }

  // For threads that may block (a CLI, a coordinator's worker).
  template <class M>
  absl::StatusOr<typename M::Reply> call_and_wait(const M& method,
                                                  const typename M::Request& request,
                                                  CallOptions options) {
    typename M::Reply reply;
    absl::Status status =
        start_and_wait(method.service, method.name, request, &reply, std::move(options));
    if (!status.ok()) return status;
    return reply;
  }

  resilience::CircuitBreaker::State breaker_state() const;
  Counters counters() const;
  const std::string& peer() const;

 private:
  class Impl;
  CallHandle start(const char* service, const char* name,
                   const google::protobuf::MessageLite& request,
                   google::protobuf::MessageLite* reply, CallOptions options,
                   std::function<void(absl::Status)> done);
  absl::Status start_and_wait(const char* service, const char* name,
                              const google::protobuf::MessageLite& request,
                              google::protobuf::MessageLite* reply, CallOptions options);
  std::shared_ptr<Impl> impl_;
};

}  // namespace bookstore::rpc
