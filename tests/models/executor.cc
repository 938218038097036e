#include "tests/models/executor.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::models {
namespace {

using order_executor::Call;
using order_executor::Command;
using order_executor::Decision;
using order_executor::Participant;
using order_executor::ParticipantState;

order_executor::Configure configure(const Scope& scope) {
  order_executor::Configure rules;
  rules.queue_capacity = static_cast<uint64_t>(scope.queue_capacity);
  rules.executing_capacity = static_cast<uint32_t>(scope.executing_capacity);
  for (base::DurationMs& offset : rules.class_offset_ms) offset = 0;
  return rules;
}

constexpr const char* kCallNames[2][3] = {{"hold", "consume", "release"},
                                          {"authorise", "capture", "void"}};

const char* name_of(const CallSlot& slot) {
  return kCallNames[slot.participant][slot.call];
}

int one_of(unsigned orders) {
  return orders == 2 ? 1 : orders == 1 ? 0 : -1;
}

bool alive(const Leader& leader) {
  return leader.status == LeaderStatus::kLeads || leader.status == LeaderStatus::kDeposed;
}

}  // namespace

Executor::Executor(const Scope& scope, Words& words, const Participants& participants)
    : scope_(scope),
      words_(words),
      participants_(participants),
      log_(configure(scope), scope.mutant) {}

void Executor::start(State& state) {
  state.log = log_.root();
  lead(state, 0, 0);
}

void Executor::lead(State& state, int number, int16_t time) {
  Leader& leader = state.leaders[static_cast<size_t>(number)];
  leader = {};
  leader.status = LeaderStatus::kLeads;
  leader.coordinator = coordinators_.fresh();
  leader.log = state.log;
  commit(state, number, log_.number(order_executor::Time{}), time);
  for (const auto& [id, order] : machine(state.log).orders()) {
    leader.waiting[static_cast<size_t>(order_number(id))] = {true, order.state,
                                                             static_cast<uint16_t>(order.index)};
  }
}

template <class Change>
void Executor::coordinate(State& state, int number, Change change) {
  Leader& leader = state.leaders[static_cast<size_t>(number)];
  order_executor::Duties duties;
  leader.coordinator = coordinators_.after(leader.coordinator, [&](auto& coordinator) {
    change(coordinator);
    duties = coordinator.step(machine(leader.log), 0);
  });
  take_duties(state, number, duties);
}

void Executor::take_duties(State& state, int number, const order_executor::Duties& duties) {
  for (const order_executor::Send& list : duties.sends) send(state, number, list);
  for (const Command& command : duties.proposals) propose(state, number, command);
}

void Executor::send(State& state, int number, const order_executor::Send& list) {
  auto& slots = state.leaders[static_cast<size_t>(number)].slots;
  const auto free = std::find_if(slots.begin(), slots.end(), [](const CallSlot& slot) {
    return slot.status == SlotStatus::kFree;
  });
  BOOKSTORE_CHECK(free != slots.end(), "more lists under way than the model has room for");
  *free = {};
  free->status = SlotStatus::kSent;
  free->participant = static_cast<uint8_t>(list.participant);
  free->call = static_cast<uint8_t>(list.call);
  for (const base::OrderId& id : list.ids) {
    free->orders |= static_cast<uint8_t>(1u << order_number(id));
  }
}

// A deposed leader's proposals never become entries.
void Executor::propose(State& state, int number, const Command& command) {
  Leader& leader = state.leaders[static_cast<size_t>(number)];
  if (leader.status != LeaderStatus::kLeads) return;
  BOOKSTORE_CHECK(leader.pending_count < kPendingMax, "more proposals than the model has room for");
  leader.pending[leader.pending_count++] = log_.number(command);
  const auto* begin = std::get_if<order_executor::Begin>(&command);
  if (scope_.mutant == Mutant::kPrepareBeforeBegin && begin != nullptr) {
    CallSlot early;
    early.participant = static_cast<uint8_t>(Participant::kInventory);
    for (const base::OrderId& id : begin->ids) {
      early.orders |= static_cast<uint8_t>(1u << order_number(id));
    }
    add_late(state, number, early);
  }
  const auto* decide = std::get_if<order_executor::Decide>(&command);
  if (scope_.mutant == Mutant::kCaptureBeforeDecide && decide != nullptr &&
      decide->decision == Decision::kCommit) {
    CallSlot early;
    early.participant = static_cast<uint8_t>(Participant::kPayment);
    early.call = static_cast<uint8_t>(Call::kCommit);
    early.orders = static_cast<uint8_t>(1u << order_number(decide->id));
    add_late(state, number, early);
  }
}

const ReplicatedLog::Node& Executor::commit(State& state, int number, uint16_t command,
                                            int16_t time) {
  Leader& leader = state.leaders[static_cast<size_t>(number)];
  state.log = log_.append(state.log, command, time);
  leader.log = state.log;
  const ReplicatedLog::Node& node = log_[state.log];
  observe(state, node);
  std::vector<order_executor::RetiredOrder> ended;
  for (const order_executor::Transition& moved : node.applied.transitions) {
    leader.waiting[static_cast<size_t>(order_number(moved.id))] = {
        true, moved.to, static_cast<uint16_t>(moved.index)};
    if (orders::terminal(moved.to)) ended.push_back({moved.id, 0});
  }
  const Command& applied = log_.command(command);
  const auto* decide = std::get_if<order_executor::Decide>(&applied);
  if (scope_.mutant == Mutant::kFinishBeforeAcknowledged && decide != nullptr &&
      node.applied.verdict == order_executor::Verdict::kApplied) {
    propose(state, number, order_executor::Finish{decide->id, ""});
  }
  coordinate(state, number, [&](order_executor::TwoPhase& coordinator) {
    coordinator.on_applied(applied);
    if (scope_.mutant == Mutant::kRetireBeforeProjection) coordinator.on_projected(ended);
  });
  return node;
}

void Executor::observe(State& state, const ReplicatedLog::Node& node) const {
  for (const order_executor::Transition& moved : node.applied.transitions) {
    Observed& observed = state.observed[static_cast<size_t>(order_number(moved.id))];
    if (moved.to == orders::State::kAccepted) {
      if (observed.accepted) state.violated = "an order was accepted twice";
      observed.accepted = true;
    }
    if (orders::terminal(moved.to)) observed.ended = moved.to;
    if (moved.to == orders::State::kNeedsAttention) {
      const auto* order = node.machine.order(moved.id);
      if (order->park_kind == order_executor::ParkKind::kContradiction) {
        state.violated = "an order is parked for a contradiction";
      }
    }
  }
}

std::optional<Executor::Submitted> Executor::submit(State& state, int number, int order,
                                                    int16_t accept_before) {
  const Leader& leader = state.leaders[static_cast<size_t>(number)];
  const auto known = find(state, number, order);
  if (known && accept_before <= machine(leader.log).accept_before_ms(order_id(order))) {
    return Submitted{order_executor::Verdict::kKnown, known->state,
                     static_cast<uint16_t>(known->index)};
  }
  if (leader.status != LeaderStatus::kLeads) return std::nullopt;
  const order_executor::Submit entry{
      order_id(order), {{"book", 1}}, {"EUR", 500}, "card", orders::ShippingClass::kStandard, "",
      accept_before};
  const ReplicatedLog::Node& node = commit(state, number, log_.number(entry), state.now);
  if (known) {
    return Submitted{node.applied.verdict, known->state, static_cast<uint16_t>(known->index)};
  }
  return Submitted{node.applied.verdict, orders::State::kAccepted, node.index};
}

std::optional<order_executor::Known> Executor::find(const State& state, int number,
                                                    int order) const {
  const Leader& leader = state.leaders[static_cast<size_t>(number)];
  if (!alive(leader)) return std::nullopt;
  return machine(leader.log).find(order_id(order));
}

void Executor::moves(const State& state, Moves& moves) {
  election_moves(state, moves);
  for (int leader = 0; leader < scope_.terms; ++leader) {
    if (!alive(state.leaders[static_cast<size_t>(leader)])) continue;
    log_moves(state, leader, moves);
    call_moves(state, leader, moves);
    projection_moves(state, leader, moves);
    operator_moves(state, leader, moves);
  }
  late_moves(state, moves);
}

bool Executor::prompt_moves(const State& state, Moves& moves) {
  if (!scope_.prompt) return false;
  for (int leader = 0; leader < scope_.terms; ++leader) {
    const auto& slots = state.leaders[static_cast<size_t>(leader)].slots;
    const bool calls = std::any_of(slots.begin(), slots.end(), [](const CallSlot& slot) {
      return slot.status != SlotStatus::kFree;
    });
    if (!calls) continue;
    call_moves(state, leader, moves);
    return true;
  }
  return false;
}

void Executor::election_moves(const State& state, Moves& moves) {
  int leading = -1;
  int next_term = -1;
  for (int leader = scope_.terms - 1; leader >= 0; --leader) {
    const LeaderStatus status = state.leaders[static_cast<size_t>(leader)].status;
    if (status == LeaderStatus::kLeads) leading = leader;
    if (status == LeaderStatus::kNotYet) next_term = leader;
    if (status == LeaderStatus::kDeposed) {
      State next = state;
      die(next, leader);
      moves.add(std::move(next), {"leader", leader, "notices that it is none any more"});
    }
  }
  if (leading < 0 && next_term >= 0) {
    State next = state;
    lead(next, next_term, 0);  // no time is proposed before the database has confirmed ours
    moves.add(std::move(next), {"leader", next_term, "replays the log and leads"});
  }
  if (leading >= 0 && next_term >= 0) {
    State dead = state;
    die(dead, leading);
    moves.add_turn(std::move(dead), {"leader", leading, "dies"});
    if (scope_.stale_leader) {
      State deposed = state;
      Leader& old = deposed.leaders[static_cast<size_t>(leading)];
      old.status = LeaderStatus::kDeposed;
      old.pending_count = 0;
      old.pending = {};
      moves.add_turn(std::move(deposed), {"leader", leading, "is cut off and goes on"});
    }
  }
}

// What it had sent may still arrive.
void Executor::die(State& state, int number) {
  Leader& leader = state.leaders[static_cast<size_t>(number)];
  for (const CallSlot& slot : leader.slots) {
    if (slot.status == SlotStatus::kSent) add_late(state, number, slot);
  }
  leader = {};
  leader.status = LeaderStatus::kDead;
}

void Executor::log_moves(const State& state, int number, Moves& moves) {
  const Leader& leader = state.leaders[static_cast<size_t>(number)];
  if (leader.status != LeaderStatus::kLeads) return;
  if (leader.pending_count > 0) {
    State next = state;
    Leader& then = next.leaders[static_cast<size_t>(number)];
    const uint16_t command = then.pending[0];
    std::copy(then.pending.begin() + 1, then.pending.end(), then.pending.begin());
    then.pending.back() = 0;
    --then.pending_count;
    commit(next, number, command, next.now);
    moves.add(std::move(next), {"leader", number, "appends and applies", -1,
                                order_executor::command_name(log_.command(command))});
  }
  if (machine(state.log).finished_kept() > 0 && machine(state.log).time_ms() < state.now) {
    State next = state;
    commit(next, number, log_.number(order_executor::Time{}), next.now);
    moves.add(std::move(next), {"leader", number, "appends and applies", -1, "Time"});
  }
}

order_executor::Send Executor::list_of(uint8_t participant, uint8_t call, unsigned orders) {
  order_executor::Send list{static_cast<Participant>(participant), static_cast<Call>(call), {}};
  for (int order = 0; order < kOrdersMax; ++order) {
    if (orders & (1u << order)) list.ids.push_back(order_id(order));
  }
  return list;
}

void Executor::add_late(State& state, int number, const CallSlot& slot) {
  LateCall late{slot.orders, static_cast<uint8_t>(number), slot.participant, slot.call};
  for (LateCall& known : state.late_calls) {
    const bool same = known.orders == late.orders && known.leader == late.leader &&
                      known.participant == late.participant && known.call == late.call;
    if (same) return;
    if (known.orders != 0) continue;
    known = late;
    return;
  }
  BOOKSTORE_CHECK(false, "more late calls than the model has room for");
}

void Executor::lose_call(State& state, int number, CallSlot& slot) {
  if (slot.status == SlotStatus::kSent) add_late(state, number, slot);
  const auto list = list_of(slot.participant, slot.call, slot.orders);
  slot = {};
  coordinate(state, number,
             [&](order_executor::TwoPhase& coordinator) { coordinator.on_unavailable(list, 0); });
}

void Executor::take_answers(State& state, int number, CallSlot& slot) {
  const auto list = list_of(slot.participant, slot.call, slot.orders);
  std::vector<order_executor::Answer> answers;
  for (const base::OrderId& id : list.ids) {
    const auto order = static_cast<size_t>(order_number(id));
    answers.push_back(
        {id, static_cast<ParticipantState>(slot.answers[order]), words_[slot.reasons[order]]});
  }
  slot = {};
  const uint32_t log = state.leaders[static_cast<size_t>(number)].log;
  coordinate(state, number, [&](order_executor::TwoPhase& coordinator) {
    coordinator.on_answers(machine(log), list, answers, 0);
  });
}

void Executor::call_moves(const State& state, int number, Moves& moves) {
  for (size_t at = 0; at < kSlots; ++at) {
    const CallSlot& slot = state.leaders[static_cast<size_t>(number)].slots[at];
    if (slot.status == SlotStatus::kFree) continue;
    const int order = one_of(slot.orders);
    const char* who = slot.participant == 0 ? "inventory" : "payment";
    State next = state;
    CallSlot& then = next.leaders[static_cast<size_t>(number)].slots[at];
    if (slot.status == SlotStatus::kSent) {
      participants_.arrive(next, number, then);
      if (scope_.prompt && then.status == SlotStatus::kAnswered) take_answers(next, number, then);
      moves.add(std::move(next), {who, -1, name_of(slot), order, "asked"});
    } else if (slot.status == SlotStatus::kWaiting) {
      // While a conversation goes on, the answer is `pending`: of interest where it may last.
      if (!Participants::job_active(state, slot.orders) || scope_.silent_calls > 0) {
        participants_.finish(next, number, then);
        if (scope_.prompt) take_answers(next, number, then);
        moves.add(std::move(next), {who, -1, name_of(slot), order, "judged"});
      }
    } else {
      take_answers(next, number, then);
      moves.add(std::move(next), {"leader", number, "hears the answer to", order, name_of(slot)});
    }
    State lost = state;
    lose_call(lost, number, lost.leaders[static_cast<size_t>(number)].slots[at]);
    moves.add_fault(std::move(lost), Fault::kLostCall,
                    {"leader", number, "hears nothing of", order, name_of(slot)});
  }
}

void Executor::projection_moves(const State& state, int number, Moves& moves) {
  for (int order = 0; order < kOrdersMax; ++order) {
    const Waiting& waiting =
        state.leaders[static_cast<size_t>(number)].waiting[static_cast<size_t>(order)];
    if (!waiting.present) continue;
    State next = state;
    project(next, number, order);
    moves.add(std::move(next),
              {"leader", number, "projects", order, orders::to_text(waiting.state).data()});
  }
}

void Executor::project(State& state, int number, int order) {
  const auto at = static_cast<size_t>(order);
  Waiting& waiting = state.leaders[static_cast<size_t>(number)].waiting[at];
  const Waiting moved = std::exchange(waiting, {});
  Row& row = state.rows[at];
  uint16_t index = moved.index;
  if (scope_.mutant == Mutant::kProjectionWithoutVersion && moved.index != row.index) {
    index = static_cast<uint16_t>(std::max(row.index + 1, moved.index + 0));
  }
  const auto judged = orders::judge_projection({row.state, row.index}, {moved.state, index});
  const bool forced =
      scope_.mutant == Mutant::kProjectionLeavesTerminal && judged != orders::Projection::kKnown;
  if (judged == orders::Projection::kIllegal) {
    state.violated = "a projection met a row that cannot have come there";
  }
  if (judged == orders::Projection::kApply || forced) {
    if (orders::terminal(row.state) && row.state != moved.state) {
      state.violated = "a terminal row was left";
    }
    row.state = moved.state;
    row.index = moved.index;
    row.reason = Reason::kNone;
  }
  const bool settled = judged != orders::Projection::kIllegal && orders::terminal(row.state);
  if (!orders::terminal(moved.state) || !settled) return;
  const base::WallMs newest_ms =
      scope_.mutant == Mutant::kForgottenAtOldTime ? 0 : row.accept_before;
  coordinate(state, number, [&](order_executor::TwoPhase& coordinator) {
    coordinator.on_projected({{order_id(order), newest_ms}});
  });
}

void Executor::operator_moves(const State& state, int number, Moves& moves) {
  if (!scope_.operators) return;
  if (state.leaders[static_cast<size_t>(number)].status != LeaderStatus::kLeads) return;
  const auto entry = [&](int order, const Command& command) {
    State next = state;
    commit(next, number, log_.number(command), next.now);
    moves.add(std::move(next),
              {"operator", -1, "has appended for", order, order_executor::command_name(command)});
  };
  for (int order = 0; order < kOrdersMax; ++order) {
    const order_executor::Order* known = machine(state.log).order(order_id(order));
    if (known == nullptr) continue;
    const bool undecided = known->decision == Decision::kNone;
    const bool executing = known->state == orders::State::kExecuting;
    const bool parked = known->state == orders::State::kNeedsAttention;
    if (known->state == orders::State::kAccepted ||
        (scope_.mutant == Mutant::kCancelAfterBegin && executing && undecided)) {
      entry(order, order_executor::Cancel{known->id, "operator"});
    }
    if ((executing || parked) && undecided) {
      entry(order, order_executor::Decide{known->id, Decision::kAbort,
                                          order_executor::AbortScope::kBoth, "operator", ""});
    }
    if (!parked) continue;
    entry(order, order_executor::Resume{known->id});
    if (known->park_kind == order_executor::ParkKind::kCaptureRefused && !undecided) {
      entry(order, order_executor::Fail{known->id, "operator"});
    }
  }
}

void Executor::late_moves(const State& state, Moves& moves) {
  for (const LateCall& late : state.late_calls) {
    if (late.orders == 0) continue;
    State next = state;
    CallSlot slot;
    slot.participant = late.participant;
    slot.call = late.call;
    slot.orders = late.orders;
    participants_.arrive(next, late.leader, slot);
    moves.add(std::move(next), {late.participant == 0 ? "inventory" : "payment", -1, name_of(slot),
                                one_of(late.orders), "asked late"});
  }
}

}  // namespace bookstore::models
