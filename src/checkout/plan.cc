#include "checkout/plan.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace bookstore::checkout {
namespace {

struct StepFacts {
  std::string_view text;
  Service service;
  std::vector<Step> inputs;
};

const StepFacts& facts(Step step) {
  static const std::array<StepFacts, kStepCount> kFacts = {{
      {"verification_init", Service::kVerification, {}},
      {"fraud_init", Service::kFraud, {}},
      {"suggestions_init", Service::kSuggestions, {}},
      {"billing", Service::kVerification, {Step::kVerificationInit}},
      {"score", Service::kFraud, {Step::kFraudInit}},
      {"card", Service::kVerification, {Step::kBilling}},
      {"tokenise", Service::kPayment, {Step::kCard}},
      {"suggest", Service::kSuggestions, {Step::kSuggestionsInit, Step::kCard, Step::kScore}},
  }};
  const auto index = static_cast<size_t>(step);
  BOOKSTORE_CHECK(index < kStepCount, "step ", index);
  return kFacts[index];
}

}  // namespace

std::string_view to_text(Step step) {
  return facts(step).text;
}
Service service_of(Step step) {
  return facts(step).service;
}

Duties Plan::begin() {
  BOOKSTORE_CHECK(!begun_, "begun twice");
  begun_ = true;
  Duties duties;
  start_ready(duties);
  return duties;
}

Duties Plan::on_finished(Step step, StepResult result) {
  BOOKSTORE_CHECK(running(step), base::absl_view(to_text(step)), " finished but was not running");
  BOOKSTORE_CHECK(!over_, base::absl_view(to_text(step)), " finished after the result");
  const bool was_stopping = stopping_;
  state(step) = State::kDone;
  judge(step, result);

  Duties duties;
  if (stopping_ && !was_stopping) cancel_running(duties);
  if (!stopping_) start_ready(duties);
  duties.result = result_if_over();
  return duties;
}

void Plan::judge(Step step, StepResult& result) {
  for (std::string& policy : result.policies) policies_.push_back(std::move(policy));
  switch (result.kind) {
    case StepResult::Kind::kPassed:
      return;
    case StepResult::Kind::kReview:
      review_ = true;
      return;
    case StepResult::Kind::kRefused:
      BOOKSTORE_CHECK(!result.code.empty(), base::absl_view(to_text(step)),
                      " refused without a code");
      if (!refused_) refusal_code_ = std::move(result.code);
      refused_ = stopping_ = true;
      for (FieldError& error : result.errors) errors_.push_back(std::move(error));
      return;
    case StepResult::Kind::kLost:
      if (!stopping_ && start_again(service_of(step))) return;
      judge_unavailable(step);
      return;
    case StepResult::Kind::kUnavailable:
      judge_unavailable(step);
      return;
    case StepResult::Kind::kCancelled:
      BOOKSTORE_CHECK(stopping_, base::absl_view(to_text(step)), " was cancelled by nobody");
      return;
  }
}

// The failure policy of the design (When things fail), one service a case.
void Plan::judge_unavailable(Step step) {
  if (stopping_) return;
  switch (service_of(step)) {
    case Service::kVerification:
      unavailable_code_ = "verification_unavailable";
      stopping_ = true;
      return;
    case Service::kPayment:
      unavailable_code_ = "payment_unavailable";
      stopping_ = true;
      return;
    case Service::kFraud:
      give_up(Service::kFraud);
      degraded_.push_back("fraud");
      if (config_.amount_minor <= config_.fraud_floor_minor) {
        policies_.push_back("fraud_unavailable_accepted_below_floor");
      } else {
        policies_.push_back("fraud_unavailable_in_review");
        review_ = true;
      }
      return;
    case Service::kSuggestions:
      give_up(Service::kSuggestions);
      degraded_.push_back("suggestions");
      return;
  }
}

// The service forgot the order: its part runs again from its init, in a new epoch.
bool Plan::start_again(Service service) {
  if (service == Service::kPayment) return false;  // it keeps nothing of an order to forget
  uint32_t& restarts = restarts_[static_cast<size_t>(service)];
  if (restarts == kRestartsMax) return false;
  ++restarts;
  for (const Step step : kSteps) {
    if (service_of(step) == service) state(step) = State::kWaiting;
  }
  return true;
}

// What is left of its part will not run, and what waits for it goes on without it.
void Plan::give_up(Service service) {
  for (const Step step : kSteps) {
    if (service_of(step) == service && state(step) == State::kWaiting) {
      state(step) = State::kGivenUp;
    }
  }
}

bool Plan::inputs_ready(Step step) const {
  for (const Step input : facts(step).inputs) {
    if (!settled(input)) return false;
  }
  return true;
}

void Plan::start_ready(Duties& duties) {
  for (const Step step : kSteps) {
    if (state(step) != State::kWaiting || !inputs_ready(step)) continue;
    state(step) = State::kRunning;
    duties.start.push_back(step);
  }
}

void Plan::cancel_running(Duties& duties) {
  for (const Step step : kSteps) {
    if (running(step)) duties.cancel.push_back(step);
  }
}

std::optional<PlanResult> Plan::result_if_over() {
  for (const Step step : kSteps) {
    if (running(step)) return std::nullopt;
    if (!stopping_ && !settled(step)) return std::nullopt;
  }
  over_ = true;
  PlanResult result;
  result.degraded = std::move(degraded_);
  result.policies = std::move(policies_);
  if (refused_) {
    result.kind = PlanResult::Kind::kReject;
    result.code = std::move(refusal_code_);
    result.errors = std::move(errors_);
  } else if (stopping_) {
    result.kind = PlanResult::Kind::kUnavailable;
    result.code = std::move(unavailable_code_);
  } else if (review_) {
    result.kind = PlanResult::Kind::kReview;
  }
  return result;
}

}  // namespace bookstore::checkout
