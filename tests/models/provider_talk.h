#pragma once

#include <optional>
#include <vector>

#include "payment/participant.h"
#include "tests/models/state.h"

namespace bookstore::models {

// A call to the provider, as the production conversations (payment/provider_steps.h) make it.
enum class ProviderCall : uint8_t {
  kAuthorise,
  kCapture,
  kCancel,
  kVoid,
  kLookAuthorise,
  kLookCapture
};

// Steps as payment's ledger has them.
enum class Step : uint8_t { kAuthorise, kCapture, kCancel, kVoid };
struct StepFact {
  Step step;
  payment::Outcome outcome;
};

// Where a conversation stands after the answers it has got: it wants a call, or it has ended, with
// facts or without any.
struct Talk {
  std::optional<ProviderCall> wants;
  std::vector<StepFact> facts;
};
// Runs the production conversation from its beginning against the recorded answers.
const Talk& talk(payment::Work work, const Job& job);

}  // namespace bookstore::models
