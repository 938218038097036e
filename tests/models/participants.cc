#include "tests/models/participants.h"

#include "base/check.h"
#include "inventory/stock.h"

namespace bookstore::models {
namespace {

using order_executor::Call;
using order_executor::Participant;
using order_executor::ParticipantState;
using payment::Outcome;

constexpr std::array kWorkKinds = {payment::Work::kAuthorise, payment::Work::kCapture,
                                   payment::Work::kCancelAndVoid};
constexpr std::array kCallNames = {"authorise",
                                   "capture",
                                   "cancel the key of",
                                   "void",
                                   "look up the authorisation of",
                                   "look up the capture of"};

ParticipantState state_of(inventory::Answer answer) {
  switch (answer) {
    case inventory::Answer::kPrepared:
      return ParticipantState::kPrepared;
    case inventory::Answer::kRefused:
      return ParticipantState::kRefused;
    case inventory::Answer::kCommitted:
      return ParticipantState::kCommitted;
    case inventory::Answer::kAborted:
      return ParticipantState::kAborted;
    case inventory::Answer::kStaleFence:
      return ParticipantState::kStaleFence;
    case inventory::Answer::kContradiction:
      return ParticipantState::kContradiction;
  }
  BOOKSTORE_CHECK(false, "no such answer");
}

ParticipantState state_of(payment::Answer answer) {
  switch (answer) {
    case payment::Answer::kPrepared:
      return ParticipantState::kPrepared;
    case payment::Answer::kRefused:
      return ParticipantState::kRefused;
    case payment::Answer::kCommitted:
      return ParticipantState::kCommitted;
    case payment::Answer::kAborted:
      return ParticipantState::kAborted;
    case payment::Answer::kStaleFence:
      return ParticipantState::kStaleFence;
    case payment::Answer::kContradiction:
      return ParticipantState::kContradiction;
    case payment::Answer::kPending:
      return ParticipantState::kPending;
  }
  BOOKSTORE_CHECK(false, "no such answer");
}

int work_number(payment::Work work) {
  return static_cast<int>(work) - static_cast<int>(payment::Work::kAuthorise);
}

payment::Facts facts_of(const PaymentRow& row) {
  return {static_cast<Outcome>(row.facts[0]), static_cast<Outcome>(row.facts[1]),
          static_cast<Outcome>(row.facts[2]), static_cast<Outcome>(row.facts[3])};
}

uint8_t bit(Step step) {
  return static_cast<uint8_t>(1u << static_cast<int>(step));
}

// The ledger rows that are committed before the provider is called.
uint8_t intents_of(payment::Work work) {
  if (work == payment::Work::kAuthorise) return bit(Step::kAuthorise);
  if (work == payment::Work::kCapture) return bit(Step::kCapture);
  return static_cast<uint8_t>(bit(Step::kCancel) | bit(Step::kVoid));
}

Outcome outcome_of(Effect effect) {
  if (effect == Effect::kNothing) return Outcome::kUnknown;
  return effect == Effect::kApproved ? Outcome::kApproved : Outcome::kDeclined;
}

// Whether the call can still change the provider's ledger.
bool matters(const ProviderOrder& ledger, ProviderCall call) {
  switch (call) {
    case ProviderCall::kAuthorise:
      return ledger.authorised[0] == Effect::kNothing && !ledger.closed[0];
    case ProviderCall::kCapture:
      return ledger.captured == Effect::kNothing;
    case ProviderCall::kCancel:
      return !ledger.closed[0];
    case ProviderCall::kVoid:
      return ledger.voided == Effect::kNothing;
    default:
      return false;
  }
}

}  // namespace

bool Participants::stale(const State& state, int leader, const CallSlot& slot) const {
  if (scope_.mutant == Mutant::kNoFence) return false;
  const uint8_t fence = fence_of(scope_, leader);
  const bool inventory = slot.participant == static_cast<uint8_t>(Participant::kInventory);
  if (fence < (inventory ? state.inventory.fence : state.payment.fence)) return true;
  for (size_t order = 0; order < kOrdersMax; ++order) {
    if ((slot.orders & (1u << order)) == 0) continue;
    const uint8_t stored =
        inventory ? state.inventory.fences[order] : state.payment.rows[order].fence;
    if (fence < stored) return true;
  }
  return false;
}

// Raises the fence, and watches that no older leader is obeyed once a newer one has called.
void Participants::obey(State& state, int leader, CallSlot& slot) const {
  const bool inventory = slot.participant == static_cast<uint8_t>(Participant::kInventory);
  uint8_t& fence = inventory ? state.inventory.fence : state.payment.fence;
  uint8_t& newest = inventory ? state.inventory.newest_leader : state.payment.newest_leader;
  fence = std::max(fence, fence_of(scope_, leader));
  if (leader < newest) state.violated = "a participant obeyed a deposed leader";
  newest = std::max(newest, static_cast<uint8_t>(leader));
}

void Participants::answer(CallSlot& slot, int order, ParticipantState says, uint8_t reason) const {
  slot.answers[static_cast<size_t>(order)] = static_cast<uint8_t>(says);
  slot.reasons[static_cast<size_t>(order)] = reason;
}

void Participants::arrive(State& state, int leader, CallSlot& slot) const {
  slot.status = SlotStatus::kAnswered;
  if (stale(state, leader, slot)) {
    for (int order = 0; order < kOrdersMax; ++order) {
      if (slot.orders & (1u << order)) answer(slot, order, ParticipantState::kStaleFence, 0);
    }
    return;
  }
  obey(state, leader, slot);
  if (slot.participant == static_cast<uint8_t>(Participant::kInventory)) {
    inventory_call(state, leader, slot);
  } else {
    payment_call(state, leader, slot, true);
  }
}

void Participants::finish(State& state, int leader, CallSlot& slot) const {
  slot.status = SlotStatus::kAnswered;
  if (stale(state, leader, slot)) {
    for (int order = 0; order < kOrdersMax; ++order) {
      if (slot.orders & (1u << order)) answer(slot, order, ParticipantState::kStaleFence, 0);
    }
    return;
  }
  obey(state, leader, slot);
  payment_call(state, leader, slot, false);
  slot.status = SlotStatus::kAnswered;
}

void Participants::inventory_call(State& state, int leader, CallSlot& slot) const {
  Inventory& inventory = state.inventory;
  const int64_t spare = scope_.mutant == Mutant::kOversell ? 10 : 0;
  inventory::Stock stock;
  stock.add("book", scope_.stock - inventory.held - inventory.sold + spare);
  const std::array<inventory::Line, 1> lines = {inventory::Line{"book", 1}};
  for (int order = 0; order < kOrdersMax; ++order) {
    if ((slot.orders & (1u << order)) == 0) continue;
    const auto at = static_cast<size_t>(order);
    const auto ask = static_cast<inventory::Ask>(slot.call);
    inventory::State before = inventory.rows[at];
    if (scope_.mutant == Mutant::kPrepareAfterAbort && ask == inventory::Ask::kPrepare &&
        before == inventory::State::kAborted) {
      before = inventory::State::kNone;
    }
    const bool fresh = before == inventory::State::kNone;
    const auto decision = inventory::decide(before, ask, fresh ? stock.shortage(lines) : "");
    stock.apply(decision.effect, lines);
    if (decision.next == inventory::State::kRefused && fresh) {
      inventory.reasons[at] = words_.number(decision.reason);
    }
    answer(slot, order, state_of(decision.answer),
           decision.reason.empty() ? inventory.reasons[at] : words_.number(decision.reason));
    if (scope_.mutant == Mutant::kAbortLeavesNoRow && fresh && ask == inventory::Ask::kAbort) {
      continue;
    }
    inventory.rows[at] = decision.next;
    if (decision.next != inventory::State::kNone) {
      inventory.fences[at] = fence_of(scope_, leader);
    }
  }
  for (const auto& [book, delta] : stock.deltas()) {
    inventory.held = static_cast<int8_t>(inventory.held + delta.held);
    inventory.sold = static_cast<int8_t>(inventory.sold + delta.sold);
  }
}

void Participants::take_up(PaymentRow& row) const {
  const payment::State learned = payment::learn(row.state, facts_of(row));
  if (learned == payment::State::kRefused && row.state != learned) {
    row.reason = words_.number("card_declined");
  }
  row.state = learned;
}

void Participants::payment_call(State& state, int leader, CallSlot& slot, bool first) const {
  const auto ask = static_cast<payment::Ask>(slot.call);
  for (int order = 0; order < kOrdersMax; ++order) {
    if ((slot.orders & (1u << order)) == 0) continue;
    PaymentRow& row = state.payment.rows[static_cast<size_t>(order)];
    const payment::State before = row.state;
    payment::State from = before;
    if (scope_.mutant == Mutant::kPrepareAfterAbort && ask == payment::Ask::kPrepare &&
        payment::learn(from, facts_of(row)) == payment::State::kAborted) {
      from = payment::State::kNone;
    }
    payment::Decision decision =
        payment::decide(from, ask, {.refusal = {}, .same_payment = true, .facts = facts_of(row)});
    if (decision.learned == payment::State::kRefused && before != decision.learned) {
      row.reason = words_.number("card_declined");
    }
    row.state = first ? decision.learned : decision.next;
    if (scope_.mutant == Mutant::kCommitBeforeCapture && decision.work == payment::Work::kCapture) {
      decision.answer = payment::Answer::kCommitted;
    }
    uint8_t reason = decision.reason.empty() ? 0 : words_.number(decision.reason);
    if (decision.answer == payment::Answer::kRefused) reason = row.reason;
    answer(slot, order, state_of(decision.answer), reason);
    if (!first || decision.next == payment::State::kNone) continue;
    const bool forgets =
        (scope_.mutant == Mutant::kAbortLeavesNoRow && ask == payment::Ask::kAbort &&
         from == payment::State::kNone) ||
        (scope_.mutant == Mutant::kNoIntent && decision.work == payment::Work::kAuthorise);
    if (!forgets) row.state = decision.next;
    row.fence = fence_of(scope_, leader);
    if (decision.work == payment::Work::kNone) continue;
    row.intents |= intents_of(decision.work);
    Job& job = row.jobs[static_cast<size_t>(work_number(decision.work))];
    if (!job.active) job = {.active = true, .asked_before = decision.next == before};
    if (decision.answer == payment::Answer::kPending) slot.status = SlotStatus::kWaiting;
  }
}

bool Participants::job_active(const State& state, unsigned orders) {
  for (size_t order = 0; order < kOrdersMax; ++order) {
    if ((orders & (1u << order)) == 0) continue;
    for (const Job& job : state.payment.rows[order].jobs) {
      if (job.active) return true;
    }
  }
  return false;
}

uint8_t Participants::late_effects(const ProviderOrder& ledger) {
  uint8_t effects = 0;
  for (int call = 0; call < 4; ++call) {
    const unsigned bit = 1u << call;
    if ((ledger.late & bit) != 0 && matters(ledger, static_cast<ProviderCall>(call))) {
      effects |= static_cast<uint8_t>(bit);
    }
  }
  return effects;
}

std::vector<Participants::Done> Participants::execute(const ProviderOrder& before,
                                                      ProviderCall call, int key) const {
  const auto at = static_cast<size_t>(key);
  const auto with = [&](Effect ProviderOrder::*field, bool yes, bool no) {
    std::vector<Done> all;
    for (const Effect effect : {Effect::kApproved, Effect::kDeclined}) {
      if (!(effect == Effect::kApproved ? yes : no)) continue;
      ProviderOrder after = before;
      after.*field = effect;
      all.push_back({after, outcome_of(effect)});
    }
    return all;
  };
  const bool approved =
      before.authorised[0] == Effect::kApproved || before.authorised[1] == Effect::kApproved;
  switch (call) {
    case ProviderCall::kAuthorise: {
      if (before.closed[at]) return {{before, Outcome::kClosed}};
      if (before.authorised[at] != Effect::kNothing) {
        return {{before, outcome_of(before.authorised[at])}};
      }
      std::vector<Done> all;
      for (const Effect effect : {Effect::kApproved, Effect::kDeclined}) {
        if (scope_.card == Card::kGood && effect == Effect::kDeclined) continue;
        if (scope_.card == Card::kDeclined && effect == Effect::kApproved) continue;
        ProviderOrder after = before;
        after.authorised[at] = effect;
        all.push_back({after, outcome_of(effect)});
      }
      return all;
    }
    case ProviderCall::kCapture: {
      if (before.captured != Effect::kNothing) return {{before, outcome_of(before.captured)}};
      const bool open = approved && !before.closed[0] && before.voided != Effect::kApproved;
      return with(&ProviderOrder::captured, open, !open || scope_.capture_refusals);
    }
    case ProviderCall::kCancel: {
      ProviderOrder after = before;
      if (scope_.mutant != Mutant::kAbortWithoutClosing) after.closed = {true, true};
      const Outcome known = outcome_of(before.authorised[0]);
      return {{after, known == Outcome::kUnknown ? Outcome::kClosed : known}};
    }
    case ProviderCall::kVoid: {
      if (before.voided != Effect::kNothing) return {{before, outcome_of(before.voided)}};
      const bool open = approved && before.captured != Effect::kApproved;
      return with(&ProviderOrder::voided, open, !open);
    }
    case ProviderCall::kLookAuthorise: {
      const Outcome known = outcome_of(before.authorised[0]);
      const bool closed = known == Outcome::kUnknown && before.closed[0];
      return {{before, closed ? Outcome::kClosed : known}};
    }
    case ProviderCall::kLookCapture:
      return {{before, outcome_of(before.captured)}};
  }
  BOOKSTORE_CHECK(false, "no such call");
}

// The facts go to the ledger rows that were written before the call; an answer is never changed.
void Participants::end(PaymentRow& row, int work, const Talk& talk) const {
  row.jobs[static_cast<size_t>(work)] = {};
  for (const StepFact& fact : talk.facts) {
    if (fact.outcome == Outcome::kUnknown || (row.intents & bit(fact.step)) == 0) continue;
    uint8_t& stored = row.facts[static_cast<size_t>(fact.step)];
    if (stored == static_cast<uint8_t>(Outcome::kUnknown)) {
      stored = static_cast<uint8_t>(fact.outcome);
    }
    if (scope_.mutant == Mutant::kNoIntent && row.state == payment::State::kNone) {
      row.state = payment::State::kPreparing;
      take_up(row);
    }
  }
}

void Participants::moves(const State& state, Moves& moves) const {
  bool any_job = false;
  for (int order = 0; order < kOrdersMax; ++order) {
    for (int work = 0; work < kWorks; ++work) conversation_moves(state, order, work, moves);
    late_moves(state, order, moves);
    any_job = any_job || job_active(state, 1u << order);
  }
  if ((any_job || scope_.mutant == Mutant::kFenceLostOnRestart) &&
      moves.may(state, Fault::kPaymentCrash)) {
    State next = state;
    for (int order = 0; order < kOrdersMax; ++order) {
      auto& row = next.payment.rows[static_cast<size_t>(order)];
      for (int work = 0; work < kWorks; ++work) {
        Job& job = row.jobs[static_cast<size_t>(work)];
        if (!job.active) continue;
        const Talk& now = talk(kWorkKinds[static_cast<size_t>(work)], job);
        if (now.wants) {
          next.provider[static_cast<size_t>(order)].late |=
              static_cast<uint8_t>(1u << static_cast<int>(*now.wants));
        }
        job = {};
      }
    }
    if (scope_.mutant == Mutant::kFenceLostOnRestart) next.payment.fence = 0;
    moves.add_fault(std::move(next), Fault::kPaymentCrash, {"payment", -1, "crashes, restarts"});
  }
}

void Participants::conversation_moves(const State& state, int order, int work, Moves& moves) const {
  const auto at = static_cast<size_t>(order);
  const auto kind = kWorkKinds[static_cast<size_t>(work)];
  const Job& job = state.payment.rows[at].jobs[static_cast<size_t>(work)];
  if (!job.active) return;
  const bool new_key = scope_.mutant == Mutant::kNewProviderKey && job.asked_before &&
                       kind == payment::Work::kAuthorise;
  Job as_asked = job;
  if (new_key) as_asked.asked_before = false;
  const Talk& now = talk(kind, as_asked);
  if (!now.wants) {
    State next = state;
    end(next.payment.rows[at], work, now);
    moves.add(std::move(next), {"payment", -1, "writes down what the provider said of", order,
                                now.facts.empty() ? "nothing" : ""});
    return;
  }
  const auto hear = [&](State& next, uint8_t answer) {
    Job& asked = next.payment.rows[at].jobs[static_cast<size_t>(work)];
    asked.answers[asked.count++] = answer;
  };
  for (const Done& done : execute(state.provider[at], *now.wants, new_key ? 1 : 0)) {
    State next = state;
    next.provider[at] = done.after;
    hear(next, static_cast<uint8_t>(done.outcome));
    moves.add(std::move(next), {"provider", -1, kCallNames[static_cast<size_t>(*now.wants)], order,
                                payment::name_of(done.outcome).data()});
  }
  State next = state;
  if (*now.wants < ProviderCall::kLookAuthorise) {
    next.provider[at].late |= static_cast<uint8_t>(1u << static_cast<int>(*now.wants));
  }
  hear(next, kNoAnswer);
  moves.add_fault(
      std::move(next), Fault::kSilentCall,
      {"provider", -1, "is silent about", order, kCallNames[static_cast<size_t>(*now.wants)]});
}

void Participants::late_moves(const State& state, int order, Moves& moves) const {
  const ProviderOrder& ledger = state.provider[static_cast<size_t>(order)];
  for (int call = 0; call < 4; ++call) {
    if ((ledger.late & (1u << call)) == 0) continue;
    const auto kind = static_cast<ProviderCall>(call);
    if (!matters(ledger, kind)) continue;
    for (const Done& done : execute(ledger, kind, 0)) {
      State next = state;
      next.provider[static_cast<size_t>(order)] = done.after;
      moves.add(std::move(next),
                {"provider", -1, kCallNames[static_cast<size_t>(call)], order, "late"});
    }
  }
}

}  // namespace bookstore::models
