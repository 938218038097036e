#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tests/models/state.h"

namespace bookstore::models {

// The words of a move in a trace; made into text for a counterexample only.
struct Label {
  const char* who = "";
  int number = -1;
  const char* what = "";
  int order = -1;
  const char* more = "";

  std::string text() const {
    std::string words = who;
    if (number >= 0) words += " " + std::to_string(number);
    words += std::string(": ") + what;
    if (order >= 0) words += " order-" + std::to_string(order);
    if (*more != '\0') words += std::string(" (") + more + ")";
    return words;
  }
};

// Takes the moves out of a state, in a fixed order.
class Moves {
 public:
  using Take = std::function<void(State&&, bool, const Label&)>;
  Moves(const Scope& scope, Take take) : scope_(scope), take_(std::move(take)) {}

  void add(State next, const Label& label) { take_(std::move(next), false, label); }

  bool may(const State& state, Fault fault) const {
    return state.faults[static_cast<size_t>(fault)] < limit(fault);
  }
  // A move of the world against us; left out where the scope has no more of them.
  void add_fault(State next, Fault fault, const Label& label) {
    if (!may(next, fault)) return;
    if (limit(fault) != 255) ++next.faults[static_cast<size_t>(fault)];
    take_(std::move(next), true, label);
  }
  // The same for what is bounded otherwise.
  void add_turn(State next, const Label& label) { take_(std::move(next), true, label); }

 private:
  int limit(Fault fault) const {
    switch (fault) {
      case Fault::kOrchestratorCrash:
        return scope_.orchestrator_crashes;
      case Fault::kPaymentCrash:
        return scope_.payment_crashes;
      case Fault::kLostSubmit:
        return scope_.lost_submits;
      case Fault::kLostCall:
        return scope_.lost_calls;
      case Fault::kSilentCall:
        return scope_.silent_calls;
    }
    return 0;
  }

  const Scope& scope_;
  Take take_;
};

}  // namespace bookstore::models
