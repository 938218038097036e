#include "checkout/session.h"

#include <utility>

#include "base/status.h"
#include "checkout/resubmission.h"
#include "telemetry/log.h"

// The first part of a checkout: whose request is it, what does it cost, is it ours to work on.
namespace bookstore::checkout {
namespace {

// A request that keeps losing compares is told to come back instead of going round for ever.
constexpr int kRoundsMax = 3;

}  // namespace

Session::Session(std::shared_ptr<Shared> shared, CheckoutRequest request, RequestContext context,
                 std::function<void(Answer)> done)
    : shared_(std::move(shared)),
      active_(*shared_),
      request_(std::move(request)),
      context_(std::move(context)),
      done_(std::move(done)),
      strand_(base::Strand::make(shared_->services.strands)),
      deadline_(base::Deadline::after(services().clock, config().request_ms)),
      checks_deadline_(base::Deadline::after(services().clock, config().checks_ms)) {}

void Session::start() {
  ++shared_->counters.started;
  const auto self = shared_from_this();
  if (!active_.admitted() || !strand_->try_post([self] { self->find_key(); }))
    answer_problem("overloaded");
}

void Session::find_key() {
  if (context_.idempotency_key.empty()) return answer_problem("idempotency_key_missing");
  if (!valid_idempotency_key(context_.idempotency_key)) {
    return answer_problem("idempotency_key_invalid", "It is 1 to 255 printable characters.");
  }
  if (++rounds_ > kRoundsMax) return answer_problem("in_progress");
  if (key_.hash.empty()) {
    key_ = {shared_->keys.scope(request_.customer.email),
            shared_->keys.idempotency(context_.idempotency_key)};
    fingerprint_ = shared_->keys.fingerprint(request_.canonical_body);
    crypto::secure_zero(request_.canonical_body);
  }
  std::vector<std::string> book_ids;
  for (const Item& item : request_.items) book_ids.push_back(item.book_id);
  on_database<Lookup>(
      [this, book_ids] {
        return look_up(services().pool, key_, fingerprint_, book_ids, deadline_);
      },
      &Session::on_lookup);
}

void Session::on_lookup(absl::StatusOr<Lookup> lookup) {
  if (!lookup.ok()) return answer_database(lookup.status());
  std::optional<orders::KeyRecord>& record = lookup->key;
  std::optional<orders::FoundKey> found;
  if (record.has_value()) found = record->found;
  const orders::KeyDecision decision = orders::decide_key(found);
  switch (decision.verdict) {
    case orders::KeyVerdict::kNew:
      replaces_expired_key_ = found.has_value();
      return price_items(std::move(lookup->prices));
    case orders::KeyVerdict::kReused:
      return answer_problem("key_reused");
    case orders::KeyVerdict::kInProgress: {
      Problem waiting = problem("in_progress");
      waiting.retry_after_ms = decision.retry_after_ms;
      return answer(problem_answer(waiting));
    }
    case orders::KeyVerdict::kRetake:
      return retake(*record);
    case orders::KeyVerdict::kReplay:
      return answer_replay(record->answer, record->order_id);
    case orders::KeyVerdict::kAskExecutor:
      return ask_executor(*std::move(record));
  }
}

void Session::ask_executor(orders::KeyRecord record) {
  const auto self = shared_from_this();
  services().executor.get_order(
      record.order_id.value,
      {.deadline = deadline_.at_most(services().clock, config().executor_lookup_ms),
       .traceparent = context_.traceparent},
      [self, record](absl::StatusOr<executor_client::OrderView> view) {
        using Says = orders::ExecutorSays;
        Says says = Says::kUnreachable;
        if (view.ok()) says = state_of(view->state).has_value() ? Says::kKnown : Says::kUnknown;
        self->strand_->post([self, record, says] { self->on_executor_says(record, says); });
      });
}

void Session::on_executor_says(const orders::KeyRecord& record, orders::ExecutorSays says) {
  held_ = orders::Held{.order_id = record.order_id, .attempt = record.attempt};
  answer_ = stored_answer(record.answer.status, record.answer.body, record.order_id);
  switch (orders::decide_submitting(says, record.found.lease_left_ms)) {
    case orders::SubmittingVerdict::kReplay:
      return answer_replay(record.answer, record.order_id);
    case orders::SubmittingVerdict::kOutcomeUnknown:
      return answer_problem("outcome_unknown");
    case orders::SubmittingVerdict::kInProgress: {
      Problem waiting = problem("in_progress");
      waiting.retry_after_ms = orders::ask_again_ms(record.found.lease_left_ms);
      return answer(problem_answer(waiting));
    }
    case orders::SubmittingVerdict::kTakeOver:
      return on_database<std::optional<orders::TakenOver>>(
          [this, record] {
            return services().orders.take_over(record.order_id, record.attempt, config().lease_ms,
                                               config().accept_before_ms, deadline_);
          },
          &Session::on_taken_over);
  }
}

void Session::on_taken_over(absl::StatusOr<std::optional<orders::TakenOver>> taken) {
  if (!taken.ok()) return answer_database(taken.status());
  if (!taken->has_value()) return decide_again();
  ++shared_->counters.taken_over;
  const orders::TakenOver& order = **taken;
  first_submission_ = false;  // what an earlier attempt sent may still arrive
  held_ = orders::Held{.order_id = order.order_id, .attempt = order.attempt};
  const auto known = causality::VectorClock::decode(order.clock);
  recorder_ = std::make_shared<causality::Recorder>(config().host,
                                                    known.value_or(causality::VectorClock{}));
  answer_ = stored_answer(order.answer.status, order.answer.body, order.order_id);
  answer_.headers.emplace_back("Idempotency-Replayed", "true");
  submit(stored_submit(order));
}

void Session::retake(const orders::KeyRecord& record) {
  on_database<std::optional<orders::Held>>(
      [this, record] {
        return services().orders.retake(record.order_id, record.attempt, config().lease_ms,
                                        deadline_);
      },
      &Session::on_retaken);
}

void Session::on_retaken(absl::StatusOr<std::optional<orders::Held>> held) {
  if (!held.ok()) return answer_database(held.status());
  if (!held->has_value()) return decide_again();
  ++shared_->counters.taken_over;
  check(std::move(**held));
}

void Session::price_items(std::map<std::string, catalogue::Price> prices) {
  std::map<std::string, PriceTag> tags;
  for (auto& [book_id, listed] : prices) {
    tags[book_id] = {std::move(listed.title), std::move(listed.price)};
  }
  auto priced = price(request_, tags);
  if (auto* unpriced = std::get_if<Unpriced>(&priced)) {
    Problem refusal = problem(unpriced->code);
    refusal.errors = std::move(unpriced->errors);
    return answer(problem_answer(refusal));
  }
  claim(std::get<Priced>(std::move(priced)));
}

void Session::claim(Priced priced) {
  orders::Claim claim;
  claim.order_id = base::make_order_id(services().clock, services().random);
  claim.key = key_;
  claim.fingerprint = fingerprint_;
  claim.customer_key = shared_->keys.customer(request_.customer.email);
  claim.customer = request_.customer;
  claim.billing_address = request_.billing_address;
  claim.shipping_class = request_.shipping_class;
  claim.lines = std::move(priced.lines);
  claim.total = std::move(priced.total);
  claim.lease_ms = config().lease_ms;
  claim.replaces_expired_key = replaces_expired_key_;
  on_database<orders::Held>([this, claim] { return services().orders.claim(claim, deadline_); },
                            &Session::on_claimed);
}

void Session::on_claimed(absl::StatusOr<orders::Held> held) {
  if (held.status().code() == absl::StatusCode::kAlreadyExists) return decide_again();
  if (!held.ok()) return answer_database(held.status());
  check(std::move(*held));
}

void Session::decide_again() {
  find_key();
}

}  // namespace bookstore::checkout
