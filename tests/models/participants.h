#pragma once

#include "tests/models/moves.h"
#include "tests/models/provider_talk.h"
#include "tests/models/words.h"

namespace bookstore::models {

// Inventory and payment: the production tables (inventory/participant.h, inventory/stock.h,
// payment/participant.h, payment/provider_steps.h) on rows that a transaction moves at once. What
// is written here by hand is the transactions around them, as inventory/store.cc and
// payment/payments.cc have them, and the provider, as payment/sandbox.cc has it.
class Participants {
 public:
  Participants(const Scope& scope, Words& words) : scope_(scope), words_(words) {}

  // A list arrives at its participant. The slot says afterwards whether it is answered.
  void arrive(State& state, int leader, CallSlot& slot) const;
  // Payment's second transaction: with what the provider has said until now.
  void finish(State& state, int leader, CallSlot& slot) const;
  // Provider calls and conversations that end, silences, crashes, late effects.
  void moves(const State& state, Moves& moves) const;

  static bool job_active(const State& state, unsigned orders);
  // The late calls that can still change the provider's ledger: a bit each.
  static uint8_t late_effects(const ProviderOrder& ledger);

 private:
  bool stale(const State& state, int leader, const CallSlot& slot) const;
  void obey(State& state, int leader, CallSlot& slot) const;
  void inventory_call(State& state, int leader, CallSlot& slot) const;
  void payment_call(State& state, int leader, CallSlot& slot, bool first) const;
  void answer(CallSlot& slot, int order, order_executor::ParticipantState says,
              uint8_t reason) const;
  void take_up(PaymentRow& row) const;
  void conversation_moves(const State& state, int order, int work, Moves& moves) const;
  void late_moves(const State& state, int order, Moves& moves) const;
  void end(PaymentRow& row, int work, const Talk& talk) const;

  struct Done {
    ProviderOrder after;
    payment::Outcome outcome;
  };
  std::vector<Done> execute(const ProviderOrder& before, ProviderCall call, int key) const;

  const Scope& scope_;
  Words& words_;
};

// Term of the n-th leader, which is its fence.
inline uint8_t fence_of(const Scope& scope, int leader) {
  return scope.mutant == Mutant::kTermUsedTwice ? 1 : static_cast<uint8_t>(leader + 1);
}

}  // namespace bookstore::models
