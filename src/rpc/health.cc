#include "rpc/health.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <future>

#include "absl/strings/str_cat.h"
#include "rpc/quiet.h"

namespace bookstore::rpc {
namespace {

constexpr char kCheck[] = "/grpc.health.v1.Health/Check";

// HealthCheckResponse{status: SERVING}: one varint field. The message is that small, and the
// protocol is frozen; the generated code for it is not part of the library.
bool says_serving(const grpc::ByteBuffer& reply) {
  grpc::Slice bytes;
  if (!reply.DumpToSingleSlice(&bytes).ok()) return false;
  return bytes.size() == 2 && bytes.begin()[0] == 0x08 && bytes.begin()[1] == 0x01;
}

}  // namespace

class HealthCheck::Impl {
 public:
  Impl(std::string address, const base::Clock& clock)
      : address_(std::move(address)), clock_(clock) {
    silence_grpc_log();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
    stub_ = std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
  }

  absl::Status ask(base::Deadline deadline) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(deadline.remaining_ms(clock_)));
    const grpc::Slice empty("");
    const grpc::ByteBuffer request(&empty, 1);
    grpc::ByteBuffer reply;
    std::promise<grpc::Status> ended;
    stub_->UnaryCall(&context, kCheck, {}, &request, &reply,
                     [&](grpc::Status status) { ended.set_value(std::move(status)); });
    const grpc::Status status = ended.get_future().get();
    if (!status.ok()) {
      const bool late = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
      return absl::UnavailableError(
          absl::StrCat(address_, late ? " does not answer" : " cannot be reached"));
    }
    if (!says_serving(reply)) {
      return absl::UnavailableError(absl::StrCat(address_, " says that it does not serve"));
    }
    return absl::OkStatus();
  }

 private:
  const std::string address_;
  const base::Clock& clock_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

HealthCheck::HealthCheck(std::string address, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(address), clock)) {}
HealthCheck::~HealthCheck() = default;

absl::Status HealthCheck::ask(base::Deadline deadline) {
  return impl_->ask(deadline);
}

}  // namespace bookstore::rpc
