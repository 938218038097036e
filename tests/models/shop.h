#pragma once

#include "tests/models/executor.h"
#include "tests/models/submissions.h"

namespace bookstore::models {

// Clients, orchestrators, order rows and keys. Production code: what a found key means
// (orders/key_decision.h), which reasons free a key, the protocol of a submission
// (executor_client/submission.h) and of a projection. By hand: the compare-and-set statements of
// orders/store.cc and the order of steps of checkout/session.cc and takeover.cc, one durable write
// a move; a process may die before and after each.
class Shop {
 public:
  Shop(const Scope& scope, Executor& executor) : scope_(scope), executor_(executor) {}

  void moves(const State& state, Moves& moves);
  // What a client with this key would be told now, if the row alone can say.
  static const char* contradicted(const State& state, int key);

 private:
  using Submission = executor_client::Submission;

  void client_moves(const State& state, int worker, Moves& moves);
  void background_moves(const State& state, int worker, Moves& moves);
  void sweep_moves(const State& state, Moves& moves);
  void session_moves(const State& state, int worker, Moves& moves);
  void check_moves(const State& state, int worker, Moves& moves);
  void submission_moves(const State& state, int worker, Moves& moves);
  void submit_moves(const State& state, int worker, Moves& moves);
  void late_submit_moves(const State& state, Moves& moves);

  void find(State& state, Worker& worker) const;
  void claim(State& state, Worker& worker) const;
  void retake(State& state, Worker& worker) const;
  void take_over(State& state, Worker& worker) const;
  // The row's new attempt belongs to this worker, which submits its bytes.
  void submit_again(State& state, Worker& worker, int order) const;
  bool write_outcome(State& state, const Worker& worker, orders::State to, Reason reason,
                     Answer answer) const;
  void on_event(const State& state, int worker, const State& after, SubmissionEvent event,
                Moves& moves, const Label& label);
  void on_step(State& state, Worker& worker, const SubmissionMove& move) const;
  void record(State& state, Worker& worker) const;
  void refuse(State& state, Worker& worker) const;
  void answer(State& state, Worker& worker, Answer answer) const;
  void free_key(State& state, int order) const;
  void done(State& state, const char* what, Moves& moves, const State& before, int number) const;
  void add_late(State& state, const Worker& worker) const;

  const Scope& scope_;
  Executor& executor_;
};

}  // namespace bookstore::models
