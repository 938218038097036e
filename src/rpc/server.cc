#include "rpc/server.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "base/worker_pool.h"
#include "rpc/error_detail.h"
#include "rpc/quiet.h"
#include "rpc/wire.h"

namespace bookstore::rpc {
namespace {

// A caller without a deadline is given this one: no work without an end.
constexpr base::DurationMs kDeadlineMaxMs = 60'000;

base::Deadline deadline_of(const grpc::CallbackServerContext& context, const base::Clock& clock) {
  using std::chrono::milliseconds;
  const auto left = context.deadline() - std::chrono::system_clock::now();
  const auto left_ms = std::chrono::duration_cast<milliseconds>(left).count();
  return base::Deadline::after(clock, std::clamp<base::DurationMs>(left_ms, 0, kDeadlineMaxMs));
}

std::string metadata_of(const grpc::CallbackServerContext& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

// One call: the reactor that gRPC drives, and what the handler sees. Keeps itself alive until
// gRPC says that it is done with it (OnDone); a handler may hold it longer.
class CallImpl final : public ServerCall, public grpc::ServerUnaryReactor {
 public:
  CallImpl(grpc::CallbackServerContext* context, grpc::ByteBuffer* response, std::string name,
           const base::Clock& clock)
      : context_(context),
        response_(response),
        name_(std::move(name)),
        deadline_(deadline_of(*context, clock)),
        traceparent_(metadata_of(*context, kTraceKey)) {}

  void keep(std::shared_ptr<CallImpl> self) { self_ = std::move(self); }

  // Reads the order of the call; with a ledger, records the arrival. Init makes the state, and its
  // issue time is in the request, which every Init of our contracts calls issued_at_ms.
  absl::Status admit(causality::Ledger* ledger, const google::protobuf::MessageLite& request) {
    const std::string bytes = metadata_of(*context_, kOrderKey);
    if (bytes.empty()) return absl::OkStatus();
    const auto metadata = decode_order(bytes);
    if (!metadata) return absl::InvalidArgumentError("the order metadata is not readable");
    incoming_ = metadata->clock;
    order_.order_id = metadata->order_id;
    order_.epoch = metadata->epoch;
    if (ledger == nullptr) return absl::OkStatus();
    auto recorder = name_ == "Init"
                        ? ledger->init(order_.order_id, order_.epoch, issued_at_ms(request))
                        : ledger->find(order_.order_id, order_.epoch);
    if (!recorder.ok()) return recorder.status();
    order_.recorder = *std::move(recorder);
    order_.recorder->receive("recv " + name_, incoming_);
    return absl::OkStatus();
  }

  void respond(const absl::Status& status, const google::protobuf::MessageLite* reply) {
    BOOKSTORE_CHECK(!responded_.exchange(true), name_, " answered twice");
    if (order_.recorder) reply_clock_ = order_.recorder->send("send " + name_ + " reply");
    if (reply_clock_) context_->AddTrailingMetadata(kClockKey, reply_clock_->encode());
    if (status.ok()) *response_ = to_buffer(*reply);
    Finish(to_grpc(status));
  }

  base::Deadline deadline() const override { return deadline_; }
  bool cancelled() const override { return cancelled_; }
  const std::string& traceparent() const override { return traceparent_; }
  const OrderScope& order() const override { return order_; }
  const causality::VectorClock& incoming_clock() const override { return incoming_; }
  void set_reply_clock(const causality::VectorClock& clock) override { reply_clock_ = clock; }

  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { self_.reset(); }

 private:
  static base::WallMs issued_at_ms(const google::protobuf::MessageLite& request) {
    const auto& message = static_cast<const google::protobuf::Message&>(request);
    const auto* field = message.GetDescriptor()->FindFieldByName("issued_at_ms");
    BOOKSTORE_CHECK(field != nullptr, message.GetTypeName(), " has no issued_at_ms");
    return message.GetReflection()->GetInt64(message, field);
  }

  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  const std::string name_;
  const base::Deadline deadline_;
  const std::string traceparent_;
  OrderScope order_;
  causality::VectorClock incoming_;
  std::optional<causality::VectorClock> reply_clock_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> responded_{false};
  std::shared_ptr<CallImpl> self_;
};

// gRPC's registration of methods that arrive as bytes: what its code generator makes for a
// "raw callback" service, with names that come from our descriptors.
class ByteService final : public grpc::Service {
 public:
  using Handler = std::function<grpc::ServerUnaryReactor*(
      grpc::CallbackServerContext*, const grpc::ByteBuffer*, grpc::ByteBuffer*)>;

  void add(const std::string& path, Handler handler) {
    paths_.push_back(std::make_unique<std::string>(path));  // gRPC keeps the pointer
    AddMethod(new grpc::internal::RpcServiceMethod(paths_.back()->c_str(),
                                                   grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        static_cast<int>(paths_.size()) - 1,
        new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            std::move(handler)));
  }

 private:
  std::vector<std::unique_ptr<std::string>> paths_;
};

}  // namespace

class Server::Impl {
 public:
  Impl(Config config, const base::Clock& clock, causality::Ledger* ledger)
      : config_(std::move(config)),
        clock_(clock),
        ledger_(ledger),
        pool_("rpc", config_.threads, config_.queue_capacity) {}

  ~Impl() { shutdown(base::Deadline::after(clock_, 0)); }

  void add(const char* service, const char* name, bool blocking, MakeRequest make_request,
           Invoke invoke) {
    BOOKSTORE_CHECK(server_ == nullptr, "handlers are added before start");
    const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
        absl::StrCat(service, ".", name));
    BOOKSTORE_CHECK(method != nullptr, service, ".", name, " is in no proto file");
    BOOKSTORE_CHECK(make_request()->GetTypeName() == method->input_type()->full_name(), name);
    BOOKSTORE_CHECK(handled_[service].insert(name).second, name, " is handled twice");
    services_[service].add(absl::StrCat("/", service, "/", name),
                           [this, name = std::string(name), blocking, &served = served_[name],
                            make_request = std::move(make_request), invoke = std::move(invoke)](
                               grpc::CallbackServerContext* context,
                               const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
                             auto call =
                                 std::make_shared<CallImpl>(context, response, name, clock_);
                             call->keep(call);
                             ++served;
                             arrived(call, *request, blocking, make_request, invoke);
                             return static_cast<grpc::ServerUnaryReactor*>(call.get());
                           });
  }

  absl::StatusOr<int> start() {
    check_complete();
    silence_grpc_log();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(config_.listen, grpc::InsecureServerCredentials(), &port);
    // Two processes on one port would each get half of the calls: refuse instead.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(static_cast<int>(config_.message_bytes_max));
    for (auto& [name, service] : services_) builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      server_.reset();
      return absl::AlreadyExistsError(
          absl::StrCat("cannot listen on ", config_.listen,
                       ": the port is in use or the address is not this machine's"));
    }
    set_serving(true);
    return port;
  }

  void set_serving(bool serving) {
    if (server_ == nullptr) return;
    auto* health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);
    for (const auto& [name, methods] : handled_) health->SetServingStatus(name, serving);
  }

  void shutdown(base::Deadline deadline) {
    if (server_ == nullptr) return;
    set_serving(false);
    server_->Shutdown(std::chrono::system_clock::now() +
                      std::chrono::milliseconds(deadline.remaining_ms(clock_)));
    pool_.stop();  // before the server goes: a handler that is still running answers into it
    server_.reset();
  }

  std::atomic<uint64_t> calls_{0}, failures_{0}, overloaded_{0}, without_order_{0};
  std::map<std::string, std::atomic<uint64_t>> served_;  // complete once the server starts

 private:
  void arrived(const std::shared_ptr<CallImpl>& call, const grpc::ByteBuffer& bytes, bool blocking,
               const MakeRequest& make_request, const Invoke& invoke) {
    ++calls_;
    std::shared_ptr<google::protobuf::MessageLite> request = make_request();
    if (!from_buffer(bytes, request.get())) {
      answer(call, absl::InvalidArgumentError("the request is not readable"), nullptr);
      return;
    }
    if (absl::Status admitted = call->admit(ledger_, *request); !admitted.ok()) {
      answer(call, admitted, nullptr);
      return;
    }
    if (call->order().order_id.empty()) ++without_order_;
    auto run = [this, call, request, &invoke] {
      if (call->cancelled() || call->deadline().passed(clock_)) {
        answer(call, absl::DeadlineExceededError("the deadline passed before the work began"),
               nullptr);
        return;
      }
      invoke(call, request.get(),
             [this, call](const absl::Status& status, const google::protobuf::MessageLite* reply) {
               answer(call, status, reply);
             });
    };
    if (!blocking) {
      run();
    } else if (!pool_.try_submit(std::move(run))) {
      ++overloaded_;
      answer(call,
             refuse(absl::StatusCode::kResourceExhausted, "overloaded",
                    "too many calls are waiting here", true, 50),
             nullptr);
    }
  }

  void answer(const std::shared_ptr<CallImpl>& call, const absl::Status& status,
              const google::protobuf::MessageLite* reply) {
    if (!status.ok()) ++failures_;
    call->respond(status, reply);
  }

  void check_complete() const {
    for (const auto& [name, methods] : handled_) {
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
      for (int i = 0; i < service->method_count(); ++i) {
        BOOKSTORE_CHECK(methods.contains(service->method(i)->name()), name, ".",
                        service->method(i)->name(), " has no handler");
      }
    }
  }

  const Config config_;
  const base::Clock& clock_;
  causality::Ledger* const ledger_;
  base::WorkerPool pool_;
  std::map<std::string, std::set<std::string>> handled_;
  std::map<std::string, ByteService> services_;
  std::unique_ptr<grpc::Server> server_;
};

Server::Server(Config config, const base::Clock& clock, causality::Ledger* ledger)
    : impl_(std::make_unique<Impl>(std::move(config), clock, ledger)) {}

Server::~Server() = default;

void Server::add(const char* service, const char* name, bool blocking, MakeRequest make_request,
                 Invoke invoke) {
  impl_->add(service, name, blocking, std::move(make_request), std::move(invoke));
}

absl::StatusOr<int> Server::start() {
  return impl_->start();
}
void Server::set_serving(bool serving) {
  impl_->set_serving(serving);
}
void Server::shutdown(base::Deadline deadline) {
  impl_->shutdown(deadline);
}

Server::Counters Server::counters() const {
  return {impl_->calls_, impl_->failures_, impl_->overloaded_, impl_->without_order_};
}

void Server::export_metrics(telemetry::Registry& metrics) const {
  for (const auto& [method, served] : impl_->served_) {
    auto& counter =
        metrics.counter("bookstore_rpc_served_total", "Calls served.", {{"method", method}});
    metrics.on_collect([&counter, &count = served] { counter.raise_to(count); });
  }
}

}  // namespace bookstore::rpc
