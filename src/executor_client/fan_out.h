#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "executor_client/members.h"

namespace bookstore::executor_client {

// One read-only call to every member at once. Ends when all have answered, or as soon as
// `enough` is true of an answer: the others are then cancelled and have CANCELLED for theirs.
template <class M>
class FanOut final : public Operation, public std::enable_shared_from_this<FanOut<M>> {
 public:
  using Reply = typename M::Reply;
  using Replies = std::vector<absl::StatusOr<Reply>>;
  using Enough = std::function<bool(const Reply&)>;
  using Done = std::function<void(Replies)>;

  // `done` runs on a thread of the rpc layer, once; not from within start().
  static std::shared_ptr<FanOut> start(Members& members, const M& method,
                                       const typename M::Request& request,
                                       const rpc::CallOptions& options, Enough enough, Done done) {
    std::shared_ptr<FanOut> fan_out(new FanOut(members.size(), std::move(enough), std::move(done)));
    fan_out->begin(members, method, request, options);
    return fan_out;
  }

  void stop() override {
    std::vector<rpc::CallHandle> calls;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      calls = calls_;
    }
    // Outside the lock: a cancelled call's answer may arrive here at once.
    for (const rpc::CallHandle& call : calls) call->cancel();
  }

 private:
  FanOut(size_t members, Enough enough, Done done)
      : enough_(std::move(enough)),
        done_(std::move(done)),
        missing_(members),
        replies_(members, absl::CancelledError("not asked")) {}

  void begin(Members& members, const M& method, const typename M::Request& request,
             const rpc::CallOptions& options) {
    for (size_t member = 0; member < members.size(); ++member) {
      rpc::CallHandle call = members.client(member).call(
          method, request, options, [self = this->shared_from_this(), member](auto reply) {
            self->answered(member, std::move(reply));
          });
      bool stopped = false;
      {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
        stopped = stopped_;
      }
      if (stopped) call->cancel();
    }
  }

  void answered(size_t member, absl::StatusOr<Reply> reply) {
    bool last = false;
    bool satisfied = false;
    {
      const std::lock_guard lock(mutex_);
      satisfied = reply.ok() && enough_ && enough_(*reply);
      replies_[member] = std::move(reply);
      last = --missing_ == 0;
    }
    if (last) {
      std::exchange(done_, nullptr)(std::move(replies_));
    } else if (satisfied) {
      stop();
    }
  }

  const Enough enough_;
  Done done_;
  std::mutex mutex_;  // guards what follows
  bool stopped_ = false;
  size_t missing_;
  Replies replies_;
  std::vector<rpc::CallHandle> calls_;
};

}  // namespace bookstore::executor_client
