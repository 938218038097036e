#include "checkout/runner.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "checkout/review.h"
#include "checkout/session.h"
#include "checkout/shared.h"
#include "checkout/takeover.h"

namespace bookstore::checkout {

absl::StatusOr<bool> record_accepted(orders::Store& orders, const base::OrderId& order_id,
                                     int32_t attempt, const executor_client::SubmitResult& result,
                                     const std::string& clock, base::Deadline deadline) {
  const auto state = state_of(result.state).value_or(orders::State::kAccepted);
  if (state == orders::State::kAccepted) {
    return orders.accept(order_id, attempt, result.index, clock, deadline);
  }
  const orders::Transition transition{order_id, state, result.reason, result.index};
  BOOKSTORE_ASSIGN_OR_RETURN(const auto report, orders.project({&transition, 1}, deadline));
  return report.applied == 1;
}

class Runner::Impl {
 public:
  Impl(Config config, Services services)
      : shared_(std::make_shared<Shared>(std::move(config), services)) {
    // An order must not be taken from a request that is still working on it.
    BOOKSTORE_CHECK(shared_->config.lease_ms > shared_->config.request_ms, "lease ",
                    shared_->config.lease_ms, " request ", shared_->config.request_ms);
  }

  ~Impl() {
    takeover_.reset();
    std::unique_lock lock(shared_->mutex);
    shared_->idle.wait(lock, [this] { return shared_->active == 0; });
  }

  void run(CheckoutRequest request, RequestContext context, std::function<void(Answer)> done) {
    std::make_shared<Session>(shared_, std::move(request), std::move(context), std::move(done))
        ->start();
  }

  void start_takeover() {
    BOOKSTORE_CHECK(takeover_ == nullptr, "started twice");
    takeover_ = std::make_unique<Takeover>(shared_);
  }

  void review(ReviewCall call, std::function<void(absl::StatusOr<ReviewVerdict>)> done) {
    decide_review(shared_, std::move(call), std::move(done));
  }

  Counters counters() const {
    const Shared::Counters& now = shared_->counters;
    return {now.started,         now.accepted,   now.in_review,        now.rejected,
            now.replayed,        now.refused,    now.unavailable,      now.unknown,
            now.steps_cancelled, now.taken_over, now.reviews_approved, now.reviews_declined,
            now.reviews_overdue};
  }

 private:
  const std::shared_ptr<Shared> shared_;
  std::unique_ptr<Takeover> takeover_;
};

Runner::Runner(Config config, Services services)
    : impl_(std::make_unique<Impl>(std::move(config), services)) {}
Runner::~Runner() = default;

void Runner::run(CheckoutRequest request, RequestContext context,
                 std::function<void(Answer)> done) {
  impl_->run(std::move(request), std::move(context), std::move(done));
}

void Runner::review(ReviewCall call, std::function<void(absl::StatusOr<ReviewVerdict>)> done) {
  impl_->review(std::move(call), std::move(done));
}

void Runner::start_takeover() {
  impl_->start_takeover();
}

Runner::Counters Runner::counters() const {
  return impl_->counters();
}

}  // namespace bookstore::checkout
