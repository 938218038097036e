#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkout/request.h"

// The step graph of one checkout, without threads, calls or clocks: completions go in, duties come
// out. runner.h turns `start` into an RPC with a deadline and `cancel` into its cancellation.
//
//   verification_init → billing → card → tokenise
//   fraud_init ───────→ score ──┐  └──┐
//   suggestions_init ───────────┴─────┴→ suggest
namespace bookstore::checkout {

enum class Step : uint8_t {
  kVerificationInit,
  kFraudInit,
  kSuggestionsInit,
  kBilling,
  kScore,
  kCard,
  kTokenise,
  kSuggest,
};
inline constexpr size_t kStepCount = 8;
inline constexpr std::array<Step, kStepCount> kSteps = {
    Step::kVerificationInit, Step::kFraudInit, Step::kSuggestionsInit,
    Step::kBilling,          Step::kScore,     Step::kCard,
    Step::kTokenise,         Step::kSuggest};
std::string_view to_text(Step step);

enum class Service : uint8_t { kVerification, kFraud, kSuggestions, kPayment };
inline constexpr size_t kServiceCount = 4;
Service service_of(Step step);

// How one step ended.
struct StepResult {
  enum class Kind {
    kPassed,
    kReview,       // score only: a person should look
    kRefused,      // a verdict against the order, with its errors
    kUnavailable,  // no answer that could be used: down, too late, breaker open
    kLost,         // the service no longer knows the order: it was started again
    kCancelled,    // after a cancel of ours
  };
  Kind kind = Kind::kPassed;
  std::string code = {};                   // kRefused
  std::vector<FieldError> errors = {};     // kRefused
  std::vector<std::string> policies = {};  // what the service says it had to do without
};

// How the checks ended. A refusal outweighs an unavailable service: it stays true.
struct PlanResult {
  enum class Kind { kAccept, kReview, kReject, kUnavailable };
  Kind kind = Kind::kAccept;
  std::string code;                   // kReject, kUnavailable: of the first that said so
  std::vector<FieldError> errors;     // kReject: all that had arrived
  std::vector<std::string> degraded;  // services the answer does without
  std::vector<std::string> policies;  // applied because something was down
};

// What is to be done now. With `result` the plan is over: nothing runs and nothing will start.
struct Duties {
  std::vector<Step> start;
  std::vector<Step> cancel;
  std::optional<PlanResult> result;
};

// One attempt at one order. A copyable value; not thread safe.
class Plan {
 public:
  struct Config {
    int64_t amount_minor = 0;
    // Fraud down: an order at or below the floor is accepted, above it a person decides.
    int64_t fraud_floor_minor = 0;
  };
  explicit Plan(Config config) : config_(config) {}

  // Once, first.
  Duties begin();
  // Once per start, whatever else happened: also a cancelled step finishes. After a refusal the
  // result waits for the last of them, so that every error that had arrived is in it.
  Duties on_finished(Step step, StepResult result);

  // How often this service's part was started again: the second number of its epoch. A service
  // that forgot the order gets one more chance.
  uint32_t restarts(Service service) const { return restarts_[static_cast<size_t>(service)]; }
  bool running(Step step) const { return state(step) == State::kRunning; }
  // The end is known; what runs was cancelled.
  bool stopping() const { return stopping_; }

 private:
  enum class State : uint8_t { kWaiting, kRunning, kDone, kGivenUp };
  static constexpr uint32_t kRestartsMax = 1;

  State& state(Step step) { return states_[static_cast<size_t>(step)]; }
  State state(Step step) const { return states_[static_cast<size_t>(step)]; }
  bool settled(Step step) const {
    return state(step) == State::kDone || state(step) == State::kGivenUp;
  }
  void judge(Step step, StepResult& result);
  void judge_unavailable(Step step);
  bool start_again(Service service);
  void give_up(Service service);
  bool inputs_ready(Step step) const;
  void start_ready(Duties& duties);
  void cancel_running(Duties& duties);
  std::optional<PlanResult> result_if_over();

  const Config config_;
  std::array<State, kStepCount> states_{};
  std::array<uint32_t, kServiceCount> restarts_{};
  bool begun_ = false;
  bool stopping_ = false;  // refused or unavailable: nothing starts any more
  bool over_ = false;
  bool review_ = false;
  bool refused_ = false;
  std::string refusal_code_;
  std::string unavailable_code_;
  std::vector<FieldError> errors_;
  std::vector<std::string> degraded_;
  std::vector<std::string> policies_;
};

}  // namespace bookstore::checkout
