#include "executor_client/client.h"

#include <atomic>
#include <utility>

#include "executor_client/admin_operation.h"
#include "executor_client/fan_out.h"
#include "executor_client/members.h"
#include "executor_client/submit_operation.h"

namespace bookstore::executor_client {
namespace {

namespace executor = contracts::executor;

absl::StatusOr<OrderView> view_of(const FanOut<decltype(executor::kGetOrder)>::Replies& replies) {
  OrderView view;
  bool answered = false;
  absl::Status failure = absl::UnavailableError("no member of the executor answered");
  for (const auto& reply : replies) {
    if (!reply.ok()) {
      if (reply.status().code() != absl::StatusCode::kCancelled) failure = reply.status();
      continue;
    }
    answered = true;
    if (reply->state() == executor::ORDER_STATE_UNSPECIFIED || reply->index() < view.index) {
      continue;
    }
    view = {.state = reply->state(),
            .reason = reply->reason(),
            .index = reply->index(),
            .clock = reply->clock()};
  }
  if (!answered) {
    return absl::UnavailableError("no member of the executor answered: " +
                                  std::string(failure.message()));
  }
  return view;
}

// Of the leader if it answered, else of the member that knows the latest state.
absl::StatusOr<executor::DescribeOrderReply> newest_of(
    const FanOut<decltype(executor::kDescribeOrder)>::Replies& replies) {
  const executor::DescribeOrderReply* newest = nullptr;
  absl::Status failure = absl::UnavailableError("no member of the executor answered");
  for (const auto& reply : replies) {
    if (!reply.ok()) {
      failure = absl::UnavailableError("no member of the executor answered: " +
                                       std::string(reply.status().message()));
      continue;
    }
    if (reply->leader()) return *reply;
    if (newest == nullptr || reply->order().index() > newest->order().index()) newest = &*reply;
  }
  if (newest == nullptr) return failure;
  return *newest;
}

}  // namespace

class Client::Impl {
 public:
  Impl(Config config, const base::Clock& clock, base::Random& random)
      : config_(std::move(config)), clock_(clock), members_(config_.members, clock, random) {}

  ~Impl() { members_.close(); }

  void submit(const executor::SubmitRequest& request, CallScope scope,
              std::function<void(SubmitResult)> done) {
    ++submits_;
    auto counted = [this, done = std::move(done)](SubmitResult result) {
      count(result.kind);
      done(std::move(result));
    };
    const auto operation = std::make_shared<SubmitOperation>(members_, clock_, config_, request,
                                                             std::move(scope), counted);
    if (members_.enter(operation)) {
      operation->start();
    } else {
      counted({.kind = SubmitResult::Kind::kRefused, .refusal = "no_leader"});
    }
  }

  void get_order(const std::string& order_id, const CallScope& scope,
                 std::function<void(absl::StatusOr<OrderView>)> done) {
    executor::GetOrderRequest request;
    request.set_order_id(order_id);
    rpc::CallOptions options = limited(scope);
    options.order = scope.order;
    ask_all(
        executor::kGetOrder, request, options,
        [](const executor::GetOrderReply& reply) {
          return reply.state() != executor::ORDER_STATE_UNSPECIFIED;
        },
        [done = std::move(done)](const auto& replies) { done(view_of(replies)); });
  }

  void administer(const AdminOperation::Method& method, const std::string& order_id,
                  CallScope scope, AdminOperation::Done done) {
    const auto operation = std::make_shared<AdminOperation>(members_, clock_, config_, method,
                                                            order_id, std::move(scope), done);
    if (!members_.enter(operation)) return done(absl::UnavailableError("closing"));
    operation->start();
  }

  void describe_order(const std::string& order_id, const CallScope& scope,
                      std::function<void(absl::StatusOr<executor::DescribeOrderReply>)> done) {
    executor::GetOrderRequest request;
    request.set_order_id(order_id);
    ask_all(executor::kDescribeOrder, request, limited(scope), nullptr,
            [done = std::move(done)](const auto& replies) { done(newest_of(replies)); });
  }

  void status(const CallScope& scope, std::function<void(std::vector<MemberStatus>)> done) {
    ask_all(executor::kStatus, executor::StatusRequest(), limited(scope), nullptr,
            [this, done = std::move(done)](auto replies) {
              std::vector<MemberStatus> statuses;
              for (size_t member = 0; member < replies.size(); ++member) {
                if (replies[member].ok() && replies[member]->leader()) {
                  members_.heard_leader(member);
                }
                statuses.push_back({members_.address(member), std::move(replies[member])});
              }
              done(std::move(statuses));
            });
  }

  std::string leader() const {
    constexpr base::DurationMs kEverMs = 1'000'000'000'000;
    const auto member = members_.leader(kEverMs);
    return member ? members_.address(*member) : "";
  }

  Counters counters() const { return {submits_, accepted_, known_, refused_, unknown_}; }

 private:
  // A fan-out that is one of the operations in flight from its start to its end.
  template <class M>
  class Reading final : public Operation {
   public:
    void stop() override {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      if (fan_out_) fan_out_->stop();
    }
    void running(std::shared_ptr<FanOut<M>> fan_out) {
      const std::lock_guard lock(mutex_);
      fan_out_ = std::move(fan_out);
      if (stopped_) fan_out_->stop();
    }

   private:
    std::mutex mutex_;  // guards both; the answers of a fan-out never take it
    bool stopped_ = false;
    std::shared_ptr<FanOut<M>> fan_out_;
  };

  template <class M, class Done>
  void ask_all(const M& method, const typename M::Request& request, const rpc::CallOptions& options,
               typename FanOut<M>::Enough enough, Done done) {
    const auto reading = std::make_shared<Reading<M>>();
    if (!members_.enter(reading)) {
      done(typename FanOut<M>::Replies(members_.size(), absl::CancelledError("closing")));
      return;
    }
    reading->running(FanOut<M>::start(members_, method, request, options, std::move(enough),
                                      [this, reading, done = std::move(done)](auto replies) {
                                        done(std::move(replies));
                                        members_.leave(reading);
                                      }));
  }

  rpc::CallOptions limited(const CallScope& scope) const {
    return {.deadline = scope.deadline.at_most(clock_, config_.probe_timeout_ms),
            .order = {},
            .traceparent = scope.traceparent};
  }

  void count(SubmitResult::Kind kind) {
    switch (kind) {
      case SubmitResult::Kind::kAccepted:
        ++accepted_;
        break;
      case SubmitResult::Kind::kKnown:
        ++known_;
        break;
      case SubmitResult::Kind::kRefused:
        ++refused_;
        break;
      case SubmitResult::Kind::kUnknown:
        ++unknown_;
        break;
    }
  }

  const Config config_;
  const base::Clock& clock_;
  Members members_;
  std::atomic<uint64_t> submits_{0}, accepted_{0}, known_{0}, refused_{0}, unknown_{0};
};

Client::Client(Config config, const base::Clock& clock, base::Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), clock, random)) {}

Client::~Client() = default;

void Client::submit(const executor::SubmitRequest& request, CallScope scope,
                    std::function<void(SubmitResult)> done) {
  impl_->submit(request, std::move(scope), std::move(done));
}

void Client::get_order(const std::string& order_id, CallScope scope,
                       std::function<void(absl::StatusOr<OrderView>)> done) {
  impl_->get_order(order_id, scope, std::move(done));
}

void Client::status(CallScope scope, std::function<void(std::vector<MemberStatus>)> done) {
  impl_->status(scope, std::move(done));
}

void Client::retry_order(const std::string& order_id, CallScope scope,
                         std::function<void(absl::StatusOr<AdminResult>)> done) {
  impl_->administer(executor::kRetryOrder, order_id, std::move(scope), std::move(done));
}

void Client::abort_order(const std::string& order_id, CallScope scope,
                         std::function<void(absl::StatusOr<AdminResult>)> done) {
  impl_->administer(executor::kAbortOrder, order_id, std::move(scope), std::move(done));
}

void Client::describe_order(
    const std::string& order_id, CallScope scope,
    std::function<void(absl::StatusOr<executor::DescribeOrderReply>)> done) {
  impl_->describe_order(order_id, scope, std::move(done));
}

std::string Client::leader() const {
  return impl_->leader();
}

Client::Counters Client::counters() const {
  return impl_->counters();
}

}  // namespace bookstore::executor_client
