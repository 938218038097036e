#include "checkout/plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace bookstore::checkout {
namespace {

using Kind = StepResult::Kind;

// The graph once more, written out by hand from the design.
const std::map<Step, std::set<Step>> kInputs = {
    {Step::kVerificationInit, {}},
    {Step::kFraudInit, {}},
    {Step::kSuggestionsInit, {}},
    {Step::kBilling, {Step::kVerificationInit}},
    {Step::kScore, {Step::kFraudInit}},
    {Step::kCard, {Step::kBilling}},
    {Step::kTokenise, {Step::kCard}},
    {Step::kSuggest, {Step::kSuggestionsInit, Step::kCard, Step::kScore}},
};

constexpr int64_t kFloor = 5'000;

// Watches one plan and says what the design promises about it, step by step.
class Witness {
 public:
  explicit Witness(int64_t amount_minor)
      : amount_minor_(amount_minor), plan_({amount_minor, kFloor}) {
    take(plan_.begin());
  }

  const std::set<Step>& live() const { return live_; }
  bool over() const { return result_.has_value(); }
  const PlanResult& result() const { return *result_; }
  bool stopped() const { return refused_ || unavailable_; }

  void finish(Step step, Kind kind) {
    ASSERT_TRUE(live_.erase(step) == 1);
    StepResult result{kind};
    if (kind == Kind::kRefused) {
      result.code = std::string(to_text(step)) + "_refused";
      result.errors = {{"/" + std::string(to_text(step)), "wrong", "It is wrong."}};
      errors_.push_back(result.errors.front());
    }
    const bool was_stopped = stopped();
    note(step, kind);
    const Duties duties = plan_.on_finished(step, std::move(result));
    if (stopped() && !was_stopped) {
      EXPECT_EQ(std::set<Step>(duties.cancel.begin(), duties.cancel.end()), live_)
          << "every live step is cancelled when the order is refused, and no other";
    } else {
      EXPECT_TRUE(duties.cancel.empty());
    }
    if (stopped()) {
      EXPECT_TRUE(duties.start.empty()) << "started after the end was known";
    }
    take(duties);
  }

  // What the answers so far must lead to, whatever their order was.
  void check_result() const {
    ASSERT_TRUE(over()) << "nothing is running and there is no result";
    if (refused_) {
      EXPECT_EQ(result().kind, PlanResult::Kind::kReject);
      EXPECT_EQ(result().errors, errors_);
      EXPECT_EQ(result().code, first_refusal_);
    } else if (unavailable_) {
      EXPECT_EQ(result().kind, PlanResult::Kind::kUnavailable);
    } else {
      const bool review = review_ || (fraud_down_ && amount_minor_ > kFloor);
      EXPECT_EQ(result().kind, review ? PlanResult::Kind::kReview : PlanResult::Kind::kAccept);
      EXPECT_EQ(count(result().degraded, "fraud"), fraud_down_ ? 1 : 0);
      EXPECT_EQ(count(result().degraded, "suggestions"), suggestions_down_ ? 1 : 0);
      EXPECT_EQ(result().policies.size(), fraud_down_ ? 1u : 0u);
      for (const Step step : {Step::kBilling, Step::kCard, Step::kTokenise}) {
        EXPECT_TRUE(passed_.contains(step)) << "sold without " << to_text(step);
      }
      EXPECT_TRUE(fraud_down_ || passed_.contains(Step::kScore)) << "sold without a score";
    }
  }

 private:
  static int count(const std::vector<std::string>& all, const std::string& one) {
    return static_cast<int>(std::count(all.begin(), all.end(), one));
  }

  void take(const Duties& duties) {
    for (const Step step : duties.start) {
      for (const Step input : kInputs.at(step)) {
        EXPECT_TRUE(passed_.contains(input) || done_without(input))
            << to_text(step) << " was started before " << to_text(input) << " had ended";
      }
      EXPECT_TRUE(live_.insert(step).second) << to_text(step) << " started twice";
    }
    if (duties.result.has_value()) {
      EXPECT_FALSE(over()) << "two results";
      EXPECT_TRUE(live_.empty()) << "a result while something runs";
      result_ = duties.result;
    }
  }

  bool done_without(Step step) const {
    return (service_of(step) == Service::kFraud && fraud_down_) ||
           (service_of(step) == Service::kSuggestions && suggestions_down_);
  }

  void note(Step step, Kind kind) {
    const Service service = service_of(step);
    if (kind == Kind::kLost) {
      if (!stopped() && service != Service::kPayment && lost_.insert(service).second) {
        for (const Step each : kSteps) {
          if (service_of(each) == service) passed_.erase(each);
        }
        return;
      }
      kind = Kind::kUnavailable;
    }
    if (kind == Kind::kPassed || kind == Kind::kReview) passed_.insert(step);
    if (kind == Kind::kReview) review_ = true;
    if (kind == Kind::kRefused && !refused_) {
      refused_ = true;
      first_refusal_ = std::string(to_text(step)) + "_refused";
    }
    if (kind != Kind::kUnavailable || stopped()) return;
    if (service == Service::kFraud) {
      fraud_down_ = true;
    } else if (service == Service::kSuggestions) {
      suggestions_down_ = true;
    } else {
      unavailable_ = true;
    }
  }

  const int64_t amount_minor_;
  Plan plan_;
  std::set<Step> live_;
  std::set<Step> passed_;
  std::set<Service> lost_;
  std::vector<FieldError> errors_;
  std::string first_refusal_;
  bool refused_ = false, unavailable_ = false, review_ = false;
  bool fraud_down_ = false, suggestions_down_ = false;
  std::optional<PlanResult> result_;
};

std::vector<Kind> possible(Step step, bool stopped) {
  std::vector<Kind> kinds = {Kind::kPassed, Kind::kUnavailable};
  if (step == Step::kScore) kinds.push_back(Kind::kReview);
  if (step == Step::kScore || step == Step::kBilling || step == Step::kCard ||
      step == Step::kTokenise) {
    kinds.push_back(Kind::kRefused);
  }
  if (stopped) kinds.push_back(Kind::kCancelled);
  return kinds;
}

// Follows every order of completions with every possible result; returns how many ends there were.
using Possible = std::vector<Kind> (*)(Step step, bool stopped);
size_t follow_all(const Witness& at, Possible results) {
  if (at.live().empty()) {
    at.check_result();
    return 1;
  }
  EXPECT_FALSE(at.over());
  size_t ends = 0;
  for (const Step step : at.live()) {
    for (const Kind kind : results(step, at.stopped())) {
      Witness next = at;
      next.finish(step, kind);
      if (testing::Test::HasFailure()) return ends;
      ends += follow_all(next, results);
    }
  }
  return ends;
}

TEST(Plan, EveryOrderOfCompletionsWithEveryResultKeepsThePromises) {
  for (const int64_t amount_minor : {kFloor, kFloor + 1}) {
    follow_all(Witness(amount_minor), possible);
    ASSERT_FALSE(HasFailure()) << "amount " << amount_minor;
  }
}

// That the walk above misses none: with good news only, suggest is the last of all (7! / 4! 2! 1!
// orders of the three lines before it) or tokenise is (6! / 3! 2! 1!).
TEST(Plan, TheWalkMeetsEveryOrder) {
  const auto good_news = [](Step, bool) { return std::vector<Kind>{Kind::kPassed}; };
  EXPECT_EQ(follow_all(Witness(kFloor), good_news), 105u + 60u);
}

TEST(Plan, RandomOrdersWithServicesThatForgetKeepThePromises) {
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    base::SeededRandom random(seed);
    Witness witness(static_cast<int64_t>(random.below(2 * kFloor)));
    while (!witness.live().empty()) {
      auto step = witness.live().begin();
      std::advance(step, random.below(witness.live().size()));
      std::vector<Kind> kinds = possible(*step, witness.stopped());
      kinds.push_back(Kind::kLost);
      // Mostly good news, or few orders would come far.
      const Kind kind = random.below(10) < 7 ? Kind::kPassed : kinds[random.below(kinds.size())];
      witness.finish(*step, kind);
      ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
    witness.check_result();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(Plan, AServiceThatForgetsIsStartedAgainInTheNextEpochOnce) {
  Plan plan({1'000, kFloor});
  plan.begin();
  plan.on_finished(Step::kVerificationInit, {});
  EXPECT_EQ(plan.restarts(Service::kVerification), 0u);
  const Duties again = plan.on_finished(Step::kBilling, {Kind::kLost});
  EXPECT_EQ(again.start, (std::vector<Step>{Step::kVerificationInit}));
  EXPECT_EQ(plan.restarts(Service::kVerification), 1u);
  plan.on_finished(Step::kVerificationInit, {});
  const Duties end = plan.on_finished(Step::kBilling, {Kind::kLost});
  EXPECT_EQ(end.cancel, (std::vector<Step>{Step::kFraudInit, Step::kSuggestionsInit}));
}

TEST(PlanDeathTest, AStepThatWasNotStartedCannotFinish) {
  Plan plan({1'000, kFloor});
  plan.begin();
  EXPECT_DEATH(plan.on_finished(Step::kCard, {}), "was not running");
}

}  // namespace
}  // namespace bookstore::checkout
