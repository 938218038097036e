#pragma once

#include <optional>

#include "tests/models/coordinators.h"
#include "tests/models/moves.h"
#include "tests/models/participants.h"
#include "tests/models/replicated_log.h"
#include "tests/models/words.h"

namespace bookstore::models {

// The executor: the production machine under a replicated log, and for each leader the production
// coordinator. By hand: what order_executor/node.cc does between them (append, apply, step, send),
// elections, the projector, and a network that loses, delays and repeats.
class Executor {
 public:
  Executor(const Scope& scope, Words& words, const Participants& participants);

  void start(State& state);  // the first leader leads
  void moves(const State& state, Moves& moves);
  // Where participants are prompt: the calls under way, which come before anything else.
  // False: there is none.
  bool prompt_moves(const State& state, Moves& moves);

  const order_executor::OrderMachine& machine(uint32_t log) const { return log_.machine(log); }
  const ReplicatedLog& log() const { return log_; }

  // The leader's word on a Submit; empty: it never gives one.
  struct Submitted {
    order_executor::Verdict verdict;
    orders::State known;
    uint16_t index;
  };
  std::optional<Submitted> submit(State& state, int leader, int order, int16_t accept_before);
  // As a read-only request finds it at this leader.
  std::optional<order_executor::Known> find(const State& state, int leader, int order) const;

 private:
  void lead(State& state, int leader, int16_t time);
  // Changes the coordinator, and does the duties that follow.
  template <class Change>
  void coordinate(State& state, int leader, Change change);
  void take_duties(State& state, int leader, const order_executor::Duties& duties);
  void send(State& state, int leader, const order_executor::Send& list);
  void propose(State& state, int leader, const order_executor::Command& command);
  // One entry, durable and applied.
  const ReplicatedLog::Node& commit(State& state, int leader, uint16_t command, int16_t time);
  void observe(State& state, const ReplicatedLog::Node& node) const;
  void project(State& state, int leader, int order);
  void lose_call(State& state, int leader, CallSlot& slot);
  void take_answers(State& state, int leader, CallSlot& slot);
  void die(State& state, int leader);

  void election_moves(const State& state, Moves& moves);
  void log_moves(const State& state, int leader, Moves& moves);
  void call_moves(const State& state, int leader, Moves& moves);
  void projection_moves(const State& state, int leader, Moves& moves);
  void operator_moves(const State& state, int leader, Moves& moves);
  void late_moves(const State& state, Moves& moves);

  static order_executor::Send list_of(uint8_t participant, uint8_t call, unsigned orders);
  static void add_late(State& state, int leader, const CallSlot& slot);

  const Scope& scope_;
  Words& words_;
  const Participants& participants_;
  ReplicatedLog log_;
  Coordinators coordinators_;
};

}  // namespace bookstore::models
