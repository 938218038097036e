#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "causality/ledger.h"
#include "contracts/method.h"
#include "rpc/call_context.h"
#include "telemetry/metrics.h"

namespace google::protobuf {
class MessageLite;
}

namespace bookstore::rpc {

// One call being served. Valid until its reply is given; any thread.
class ServerCall {
 public:
  virtual ~ServerCall() = default;
  virtual base::Deadline deadline() const = 0;
  // The client went away or cancelled: stop when convenient, the reply is not read.
  virtual bool cancelled() const = 0;
  virtual const std::string& traceparent() const = 0;
  // The order of the call's metadata; order_id is empty for a call about no order. With a ledger,
  // `recorder` is the order's history here; the arrival is already recorded.
  virtual const OrderScope& order() const = 0;
  // The clock that came with the call, for services that keep clocks in rows and have no ledger.
  virtual const causality::VectorClock& incoming_clock() const = 0;
  virtual void set_reply_clock(const causality::VectorClock& clock) = 0;
};

// A gRPC server of this process's services, with health and reflection.
// Handlers of handle() run on a bounded pool and may block; when its queue is full the call is
// answered RESOURCE_EXHAUSTED `overloaded` at once. With a ledger the wrapper ticks, merges and
// answers clocks for every call that carries an order: a method named Init creates the state, any
// other needs it. Handlers cannot forget.
class Server {
 public:
  struct Config {
    std::string listen;  // HOST:PORT, port 0 for any
    size_t threads = 4;
    size_t queue_capacity = 256;
    size_t message_bytes_max = 1 << 20;
  };
  struct Counters {
    uint64_t calls = 0, failures = 0, overloaded = 0, without_order = 0;
  };
  // `ledger` may be null; it and `clock` outlive the server.
  Server(Config config, const base::Clock& clock, causality::Ledger* ledger = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before start() only. Registering must cover every method of a service (CHECK at start).
  template <class M>
  void handle(
      const M& method,
      std::function<absl::StatusOr<typename M::Reply>(ServerCall&, const typename M::Request&)>
          handler) {
    add(
        method.service, method.name, /*blocking=*/true,
        [] { return std::unique_ptr<google::protobuf::MessageLite>(new typename M::Request); },
        [handler = std::move(handler)](const std::shared_ptr<ServerCall>& call,
                                       google::protobuf::MessageLite* request,
                                       const Respond& respond) {
          auto reply = handler(*call, static_cast<const typename M::Request&>(*request));
          if (reply.ok()) {
            respond(absl::OkStatus(), &*reply);
          } else {
            respond(reply.status(), nullptr);
          }
        });
  }

  // The handler must not block; it may answer later, from any thread, exactly once.
  template <class M>
  void handle_async(const M& method,
                    std::function<void(std::shared_ptr<ServerCall>, typename M::Request,
                                       std::function<void(absl::StatusOr<typename M::Reply>)>)>
                        handler) {
    add(
        method.service, method.name, /*blocking=*/false,
        [] { return std::unique_ptr<google::protobuf::MessageLite>(new typename M::Request); },
        [handler = std::move(handler)](const std::shared_ptr<ServerCall>& call,
                                       google::protobuf::MessageLite* request,
                                       const Respond& respond) {
          handler(call, std::move(static_cast<typename M::Request&>(*request)),
                  [respond](absl::StatusOr<typename M::Reply> reply) {
                    if (reply.ok()) {
                      respond(absl::OkStatus(), &*reply);
                    } else {
                      respond(reply.status(), nullptr);
                    }
                  });
        });
  }

  // Binds, starts serving, health says SERVING. The port bound; AlreadyExists if it is taken.
  absl::StatusOr<int> start();
  // Health of the whole server and of each of its services.
  void set_serving(bool serving);
  // Refuses new calls, lets those running finish until the deadline, then cancels. Idempotent.
  void shutdown(base::Deadline deadline);
  Counters counters() const;
  // Calls by method, as bookstore_rpc_served_total. After the last handle(); `metrics` does not
  // outlive the server's last render.
  void export_metrics(telemetry::Registry& metrics) const;

 private:
  using Respond = std::function<void(absl::Status, const google::protobuf::MessageLite*)>;
  using MakeRequest = std::function<std::unique_ptr<google::protobuf::MessageLite>()>;
  using Invoke = std::function<void(const std::shared_ptr<ServerCall>&,
                                    google::protobuf::MessageLite*, const Respond&)>;
  void add(const char* service, const char* name, bool blocking, MakeRequest make_request,
           Invoke invoke);
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::rpc
