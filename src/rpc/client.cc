#include "rpc/client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "rpc/error_detail.h"
#include "rpc/quiet.h"
#include "rpc/wire.h"

namespace bookstore::rpc {
namespace {

using resilience::CircuitBreaker;

constexpr int kAttemptsMax = 3;
constexpr base::DurationMs kRetryBaseMs = 10;

std::chrono::system_clock::time_point in_ms(base::DurationMs duration_ms) {
  return std::chrono::system_clock::now() + std::chrono::milliseconds(duration_ms);
}

std::shared_ptr<grpc::GenericStub> make_stub(const std::string& address) {
  silence_grpc_log();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // ours count, tick and respect the deadline
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return std::make_shared<grpc::GenericStub>(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

// gRPC 1.51 ends its callback threads with the last channel that made a call. When one of those
// threads itself lets go of it, it joins itself and aborts the process (grpc_cq_internal_unref).
// So the first channel that makes a call is kept until the process ends. Volatile, so that the
// pointer stays where the leak sanitizer finds it.
void keep_callback_threads(const std::shared_ptr<grpc::GenericStub>& stub) {
  static std::shared_ptr<grpc::GenericStub>* volatile kept =
      new std::shared_ptr<grpc::GenericStub>(stub);
  static_cast<void>(kept);
}

// What counts against a peer (research: resilience): that it could not be reached or could not
// cope. A refusal of our request is an answer like any other.
CircuitBreaker::Outcome outcome_of(const absl::Status& status, bool cancelled_by_us) {
  if (cancelled_by_us) return CircuitBreaker::Outcome::kIgnored;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kResourceExhausted:
      return CircuitBreaker::Outcome::kFailure;
    default:
      return CircuitBreaker::Outcome::kSuccess;
  }
}

bool worth_another_attempt(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable) return true;
  const auto refusal = refusal_of(status);
  return status.code() == absl::StatusCode::kResourceExhausted && refusal && refusal->retryable;
}

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  class Attempts;

  Impl(Config config, const base::Clock& clock, base::Random& random)
      : config_(std::move(config)), clock_(clock), random_(random), breaker_(config_.breaker) {
    BOOKSTORE_CHECK(!config_.addresses.empty(), config_.peer);
    for (const std::string& address : config_.addresses) stubs_.push_back(make_stub(address));
  }

  grpc::GenericStub& next_stub() {
    const std::shared_ptr<grpc::GenericStub>& stub = stubs_[next_stub_++ % stubs_.size()];
    keep_callback_threads(stub);
    return *stub;
  }

  void enter(Attempts* attempts, const std::shared_ptr<Call>& call) {
    const std::lock_guard lock(mutex_);
    in_flight_[attempts] = call;
  }
  void leave(Attempts* attempts) {
    const std::lock_guard lock(mutex_);
    in_flight_.erase(attempts);
    if (in_flight_.empty()) idle_.notify_all();
  }
  void cancel_all_and_wait() {
    std::vector<std::shared_ptr<Call>> calls;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [attempts, weak] : in_flight_) {
        if (auto call = weak.lock()) calls.push_back(std::move(call));
      }
    }
    for (const auto& call : calls) call->cancel();
    calls.clear();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return in_flight_.empty(); });
  }

  const Config config_;
  const base::Clock& clock_;
  base::Random& random_;
  CircuitBreaker breaker_;
  std::atomic<uint64_t> calls_{0}, failures_{0}, retries_{0}, refused_{0}, without_order_{0};

 private:
  std::vector<std::shared_ptr<grpc::GenericStub>> stubs_;
  std::atomic<size_t> next_stub_{0};
  std::mutex mutex_;  // guards in_flight_
  std::condition_variable idle_;
  std::map<Attempts*, std::weak_ptr<Call>> in_flight_;
};

// One logical call: up to kAttemptsMax attempts inside one breaker permit.
class Client::Impl::Attempts final : public Call, public std::enable_shared_from_this<Attempts> {
 public:
  Attempts(std::shared_ptr<Impl> client, std::string method, std::string name,
           grpc::ByteBuffer request, google::protobuf::MessageLite* reply, CallOptions options,
           std::function<void(absl::Status)> done)
      : client_(std::move(client)),
        method_(std::move(method)),
        name_(std::move(name)),
        request_(std::move(request)),
        reply_(reply),
        options_(std::move(options)),
        done_(std::move(done)) {}

  void start() {
    client_->enter(this, shared_from_this());
    ++client_->calls_;
    if (options_.order.recorder == nullptr) ++client_->without_order_;
    permit_ = client_->breaker_.acquire(client_->clock_.steady_ms());
    if (!permit_) {
      ++client_->refused_;
      const auto wait_ms = client_->breaker_.retry_after_ms(client_->clock_.steady_ms());
      const absl::Status refused =
          refuse(absl::StatusCode::kUnavailable, "circuit_open",
                 absl::StrCat(client_->config_.peer, " failed too often and is being spared"), true,
                 wait_ms);
      // Not from here: the caller's own locks may be held.
      after(0, [refused](Attempts& self) { self.finish(refused); });
      return;
    }
    attempt();
  }

  void cancel() override {
    std::shared_ptr<grpc::ClientContext> context;
    std::shared_ptr<grpc::Alarm> alarm;
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return;
      cancelled_ = true;
      context = context_;
      alarm = alarm_;
    }
    // Outside the lock: a completion may run inside these and takes it.
    if (context) context->TryCancel();
    if (alarm) alarm->Cancel();
  }

 private:
  void attempt() {
    auto context = std::make_shared<grpc::ClientContext>();
    context->set_deadline(in_ms(options_.deadline.remaining_ms(client_->clock_)));
    if (!options_.traceparent.empty()) context->AddMetadata(kTraceKey, options_.traceparent);
    if (options_.order.recorder) {
      const auto clock = options_.order.recorder->send("send " + name_);
      context->AddMetadata(kOrderKey,
                           encode_order({options_.order.order_id, options_.order.epoch, clock}));
    }
    bool cancelled = false;
    {
      const std::lock_guard lock(mutex_);
      ++attempts_;
      context_ = context;
      alarm_.reset();
      cancelled = cancelled_;
    }
    if (cancelled) context->TryCancel();  // the context remembers it: the call ends at its start
    response_.Clear();
    client_->next_stub().UnaryCall(context.get(), method_, grpc::StubOptions(), &request_,
                                   &response_,
                                   [self = shared_from_this(), context](grpc::Status status) {
                                     self->attempt_ended(*context, from_grpc(status));
                                   });
  }

  void attempt_ended(const grpc::ClientContext& context, absl::Status status) {
    record_reply(context, status);
    if (status.ok() && !from_buffer(response_, reply_)) {
      status = absl::InternalError(absl::StrCat(method_, ": the reply is not readable"));
    }
    bool again = false;
    {
      const std::lock_guard lock(mutex_);
      context_.reset();
      again = !cancelled_ && options_.idempotent && attempts_ < kAttemptsMax &&
              worth_another_attempt(status);
    }
    const base::DurationMs pause_ms = backoff_ms();
    if (!again || options_.deadline.remaining_ms(client_->clock_) <= pause_ms) {
      finish(std::move(status));
      return;
    }
    ++client_->retries_;
    after(pause_ms, [](Attempts& self) { self.attempt(); });
  }

  void record_reply(const grpc::ClientContext& context, const absl::Status& status) {
    if (!options_.order.recorder) return;
    const auto& trailing = context.GetServerTrailingMetadata();
    const auto found = trailing.find(kClockKey);
    if (found != trailing.end()) {
      const auto clock = causality::VectorClock::decode(
          std::string_view(found->second.data(), found->second.size()));
      if (clock) {
        options_.order.recorder->receive("recv " + name_ + " reply", *clock);
        return;
      }
    }
    options_.order.recorder->local(absl::StrCat(
        name_, status.ok() ? " reply without clock"
                           : absl::StrCat(" failed ", absl::StatusCodeToString(status.code()))));
  }

  base::DurationMs backoff_ms() {
    // 10–30 ms, then 20–60 ms: full jitter around a doubling base.
    const base::DurationMs step_ms = kRetryBaseMs << (attempts_ - 1);
    return step_ms + static_cast<base::DurationMs>(
                         client_->random_.below(2 * static_cast<uint64_t>(step_ms)));
  }

  // Runs `then` on a thread of gRPC after the pause, or ends the call if it was cancelled.
  void after(base::DurationMs pause_ms, std::function<void(Attempts&)> then) {
    auto alarm = std::make_shared<grpc::Alarm>();
    {
      const std::lock_guard lock(mutex_);
      alarm_ = alarm;
      if (cancelled_) pause_ms = 0;
    }
    alarm->Set(in_ms(pause_ms), [self = shared_from_this(), then = std::move(then)](bool fired) {
      if (fired) {
        then(*self);
      } else {
        self->finish(absl::CancelledError("cancelled by the caller"));
      }
    });
  }

  void finish(absl::Status status) {
    bool cancelled = false;
    std::shared_ptr<grpc::Alarm> alarm;  // its callback keeps this call: let go of each other
    {
      const std::lock_guard lock(mutex_);
      cancelled = cancelled_;
      alarm = std::move(alarm_);
    }
    const bool by_us = cancelled && status.code() == absl::StatusCode::kCancelled;
    if (permit_) {
      const base::SteadyMs now_ms = client_->clock_.steady_ms();
      if (options_.long_poll) permit_->started_at_ms = now_ms;
      client_->breaker_.report(*permit_, outcome_of(status, by_us), now_ms, client_->random_);
    }
    if (!status.ok() && !by_us) ++client_->failures_;
    const auto client = client_;
    std::exchange(done_, nullptr)(std::move(status));
    client->leave(this);
  }

  const std::shared_ptr<Impl> client_;
  const std::string method_;
  const std::string name_;
  const grpc::ByteBuffer request_;
  google::protobuf::MessageLite* const reply_;
  const CallOptions options_;
  std::function<void(absl::Status)> done_;
  grpc::ByteBuffer response_;
  std::optional<CircuitBreaker::Permit> permit_;

  std::mutex mutex_;  // guards what follows
  int attempts_ = 0;
  bool cancelled_ = false;
  std::shared_ptr<grpc::ClientContext> context_;  // of the attempt in flight
  std::shared_ptr<grpc::Alarm> alarm_;            // of the pause between attempts
};

Client::Client(Config config, const base::Clock& clock, base::Random& random)
    : impl_(std::make_shared<Impl>(std::move(config), clock, random)) {}

Client::~Client() {
  impl_->cancel_all_and_wait();
}

CallHandle Client::start(const char* service, const char* name,
                         const google::protobuf::MessageLite& request,
                         google::protobuf::MessageLite* reply, CallOptions options,
                         std::function<void(absl::Status)> done) {
  auto attempts = std::make_shared<Impl::Attempts>(impl_, absl::StrCat("/", service, "/", name),
                                                   name, to_buffer(request), reply,
                                                   std::move(options), std::move(done));
  attempts->start();
  return attempts;
}

absl::Status Client::start_and_wait(const char* service, const char* name,
                                    const google::protobuf::MessageLite& request,
                                    google::protobuf::MessageLite* reply, CallOptions options) {
  absl::Status result;
  std::latch ended(1);
  start(service, name, request, reply, std::move(options), [&](absl::Status status) {
    result = std::move(status);
    ended.count_down();
  });
  ended.wait();
  return result;
}

CircuitBreaker::State Client::breaker_state() const {
  return impl_->breaker_.state();
}

Client::Counters Client::counters() const {
  return {impl_->calls_, impl_->failures_, impl_->retries_, impl_->refused_, impl_->without_order_};
}

const std::string& Client::peer() const {
  return impl_->config_.peer;
}

}  // namespace bookstore::rpc
