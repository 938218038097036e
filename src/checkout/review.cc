#include "checkout/review.h"

#include <utility>

#include "base/status.h"
#include "causality/recorder.h"
#include "checkout/resubmission.h"
#include "checkout/steps.h"
#include "telemetry/log.h"

namespace bookstore::checkout {
namespace {

using telemetry::Level;
using Done = std::function<void(absl::StatusOr<ReviewVerdict>)>;

constexpr base::DurationMs kDatabaseMs = 2'000;
constexpr char kSweep[] = "sweep";

// The order's clock after this process moved it to `to`.
std::string clock_after(const Shared& shared, const orders::Reviewed& order, orders::State to) {
  const auto known = causality::VectorClock::decode(order.clock);
  causality::Recorder recorder(shared.config.host, known.value_or(causality::VectorClock{}));
  recorder.local(orders::to_text(to));
  return recorder.clock().encode();
}

orders::ReviewDecision decline(const Shared& shared, const orders::Reviewed& order,
                               std::string_view reason) {
  orders::ReviewDecision decision{.order_id = order.order_id, .revision = order.revision};
  decision.to = orders::State::kRejected;
  decision.reason = std::string(reason);
  decision.clock = clock_after(shared, order, decision.to);
  return decision;
}

// The Submit is made anew from the row: nothing of the checkout is left but what it stored.
orders::ReviewDecision approve(const Shared& shared, const orders::Reviewed& order) {
  orders::ReviewDecision decision{.order_id = order.order_id, .revision = order.revision};
  decision.to = orders::State::kSubmitting;
  decision.clock = clock_after(shared, order, decision.to);
  decision.lease_ms = shared.config.lease_ms;
  decision.accept_before_ms = order.database_ms + shared.config.accept_before_ms;
  decision.submit_bytes = submit_request({.order_id = order.order_id.value,
                                          .lines = order.lines,
                                          .total = order.total,
                                          .card_token = order.card_token,
                                          .shipping_class = order.shipping_class,
                                          .clock = decision.clock,
                                          .accept_before_ms = decision.accept_before_ms})
                              .SerializeAsString();
  return decision;
}

void log_decision(const orders::ReviewDecision& decision) {
  telemetry::log(Level::kInfo, "review_decided",
                 {{"order_id", decision.order_id.value},
                  {"to", std::string(orders::to_text(decision.to))},
                  {"by", decision.by}});
}

// What is ours to submit now; empty: a verdict without a Submit.
struct Decided {
  ReviewVerdict verdict = ReviewVerdict::kDecided;
  std::optional<orders::TakenOver> submit;
};

absl::StatusOr<Decided> decide(Shared& shared, const ReviewCall& call) {
  const auto deadline = base::Deadline::after(shared.services.clock, kDatabaseMs);
  auto order = shared.services.orders.read_review(call.order_id, deadline);
  if (absl::IsNotFound(order.status())) return Decided{ReviewVerdict::kNoSuchOrder, {}};
  if (!order.ok()) return order.status();
  if (order->state != orders::State::kInReview) return Decided{ReviewVerdict::kNotInReview, {}};
  if (call.revision && *call.revision != order->revision) return Decided{ReviewVerdict::kStale, {}};

  orders::ReviewDecision decision = call.approve
                                        ? approve(shared, *order)
                                        : decline(shared, *order, orders::kReasonReviewDeclined);
  decision.by = call.by;
  decision.note = call.note;
  BOOKSTORE_ASSIGN_OR_RETURN(const auto attempt,
                             shared.services.orders.decide_review(decision, deadline));
  if (!attempt) return Decided{ReviewVerdict::kNotInReview, {}};  // somebody was faster
  log_decision(decision);
  ++(call.approve ? shared.counters.reviews_approved : shared.counters.reviews_declined);
  if (!call.approve) return Decided{};
  return Decided{ReviewVerdict::kDecided,
                 orders::TakenOver{.order_id = decision.order_id,
                                   .attempt = *attempt,
                                   .submit_bytes = std::move(decision.submit_bytes),
                                   .accept_before_ms = decision.accept_before_ms,
                                   .was_in_review = true,
                                   .clock = std::move(decision.clock),
                                   .answer = {}}};
}

}  // namespace

void decide_review(const std::shared_ptr<Shared>& shared, ReviewCall call, Done done) {
  const auto active = std::make_shared<Active>(*shared);
  const bool taken = shared->services.database.try_submit([shared, active, call, done] {
    auto decided = decide(*shared, call);
    if (!decided.ok()) return done(decided.status());
    if (!decided->submit) return done(decided->verdict);
    std::make_shared<Resubmission>(shared, std::move(*decided->submit), [done] {
      done(ReviewVerdict::kDecided);
    })->start();
  });
  if (!taken) done(absl::ResourceExhaustedError("the database's pool is full"));
}

absl::StatusOr<size_t> decline_overdue(Shared& shared, size_t limit, base::Deadline deadline) {
  orders::Store& orders = shared.services.orders;
  BOOKSTORE_ASSIGN_OR_RETURN(const auto overdue, orders.overdue_reviews(limit, deadline));
  size_t declined = 0;
  for (const orders::Reviewed& order : overdue) {
    orders::ReviewDecision decision = decline(shared, order, orders::kReasonReviewOverdue);
    decision.by = kSweep;
    BOOKSTORE_ASSIGN_OR_RETURN(const auto attempt, orders.decide_review(decision, deadline));
    if (!attempt) continue;  // an operator, or another orchestrator's sweep, was faster
    log_decision(decision);
    ++declined;
    ++shared.counters.reviews_overdue;
  }
  return declined;
}

}  // namespace bookstore::checkout
