#include "tests/models/shop.h"

#include "base/check.h"
#include "orders/key_decision.h"
#include "orders/order.h"

namespace bookstore::models {
namespace {

using executor_client::Submission;
using Kind = Submission::Step::Kind;

constexpr int16_t kLease = 1;         // ticks of the model's clock
constexpr int16_t kAcceptBefore = 2;  // the same

std::string_view text_of(Reason reason) {
  switch (reason) {
    case Reason::kUnavailable:
      return orders::kReasonUnavailable;
    case Reason::kNoLeader:
      return orders::kReasonNoLeader;
    case Reason::kQueueFull:
      return orders::kReasonQueueFull;
    case Reason::kExpired:
      return orders::kReasonExpired;
    case Reason::kAbandoned:
      return orders::kReasonAbandoned;
    case Reason::kDeclined:
      return "review_declined";
    case Reason::kVerdict:
      return "order_declined";
    case Reason::kNone:
      break;
  }
  return "";
}

Reason refusal_of(std::string_view refusal) {
  if (refusal == "queue_full") return Reason::kQueueFull;
  if (refusal == "expired") return Reason::kExpired;
  return Reason::kNoLeader;
}

Submission::Answer answer_of(order_executor::Verdict verdict) {
  switch (verdict) {
    case order_executor::Verdict::kApplied:
      return Submission::Answer::kAccepted;
    case order_executor::Verdict::kKnown:
      return Submission::Answer::kKnown;
    case order_executor::Verdict::kExpired:
      return Submission::Answer::kExpired;
    case order_executor::Verdict::kQueueFull:
      return Submission::Answer::kQueueFull;
    default:
      break;
  }
  BOOKSTORE_CHECK(false, "no verdict on a Submit");
}

orders::FoundKey found_key(const State& state, const Row& row) {
  return {.same_fingerprint = true,
          .expired = false,
          .state = row.state,
          .reason = std::string(text_of(row.reason)),
          .was_in_review = row.was_in_review,
          .lease_left_ms = row.lease_until > state.now ? 1'000 : 0};
}

// Every write of a row's state: the house's one table has the last word.
void move_row(State& state, int order, orders::State to) {
  Row& row = state.rows[static_cast<size_t>(order)];
  if (!orders::legal_move(row.state, to)) {
    state.violated = orders::terminal(row.state) ? "a terminal row was left"
                                                 : "a row made a move that the table forbids";
  }
  row.state = to;
}

Worker looking_for(int8_t key) {
  Worker worker;
  worker.pc = Pc::kFind;
  worker.key = key;
  return worker;
}

}  // namespace

void Shop::moves(const State& state, Moves& moves) {
  if (scope_.time_passes) {
    State next = state;
    ++next.now;
    moves.add(std::move(next), {"time", -1, "passes"});
  }
  sweep_moves(state, moves);
  late_submit_moves(state, moves);
  for (int number = 0; number < scope_.workers; ++number) {
    const Worker& worker = state.workers[static_cast<size_t>(number)];
    if (worker.pc == Pc::kIdle) {
      client_moves(state, number, moves);
      background_moves(state, number, moves);
      continue;
    }
    session_moves(state, number, moves);
    State next = state;
    next.workers[static_cast<size_t>(number)] = {};
    if (worker.pc == Pc::kSubmit) add_late(next, worker);
    moves.add_fault(std::move(next), Fault::kOrchestratorCrash, {"orchestrator", number, "dies"});
  }
}

// A client asks until it has a final answer; what it would hear later is contradicted()'s matter.
void Shop::client_moves(const State& state, int number, Moves& moves) {
  for (int key = 0; key < scope_.keys; ++key) {
    if (state.heard[static_cast<size_t>(key)] != Answer::kNone) continue;
    State next = state;
    Worker& worker = next.workers[static_cast<size_t>(number)];
    worker = looking_for(static_cast<int8_t>(key));
    find(next, worker);
    moves.add(std::move(next),
              {"orchestrator", number, "looks up the key of client", -1, key == 0 ? "0" : "1"});
  }
}

void Shop::background_moves(const State& state, int number, Moves& moves) {
  for (int order = 0; order < scope_.orders; ++order) {
    const Row& row = state.rows[static_cast<size_t>(order)];
    const bool lapsed = row.exists && row.lease_until <= state.now;
    const bool revived = scope_.mutant == Mutant::kRejectedTakenOver &&
                         row.state == orders::State::kRejected && row.reason == Reason::kNoLeader;
    if (lapsed && (row.state == orders::State::kSubmitting || revived)) {
      State next = state;
      submit_again(next, next.workers[static_cast<size_t>(number)], order);
      moves.add(std::move(next), {"orchestrator", number, "takes over", order});
    }
    const bool again = scope_.mutant == Mutant::kApproveWithoutCompare &&
                       row.state == orders::State::kRejected && row.was_in_review;
    if (row.exists && (row.state == orders::State::kInReview || again)) {
      State next = state;
      move_row(next, order, orders::State::kSubmitting);
      next.rows[static_cast<size_t>(order)].reason = Reason::kNone;
      submit_again(next, next.workers[static_cast<size_t>(number)], order);
      moves.add(std::move(next), {"orchestrator", number, "approves", order});
    }
  }
}

// Single statements that no process needs to remember.
void Shop::sweep_moves(const State& state, Moves& moves) {
  for (int order = 0; order < scope_.orders; ++order) {
    const Row& row = state.rows[static_cast<size_t>(order)];
    if (!row.exists) continue;
    const bool abandoned = row.state == orders::State::kReceived && row.lease_until <= state.now;
    if (!abandoned && row.state != orders::State::kInReview) continue;
    State next = state;
    Row& then = next.rows[static_cast<size_t>(order)];
    move_row(next, order, orders::State::kRejected);
    then.reason = abandoned ? Reason::kAbandoned : Reason::kDeclined;
    if (abandoned) free_key(next, order);
    moves.add(std::move(next),
              {"orchestrator", -1, abandoned ? "sweeps the abandoned" : "declines", order});
  }
}

void Shop::free_key(State& state, int order) const {
  for (int8_t& record : state.keys) {
    if (record == order) record = -1;
  }
}

// --- One session, from the key to the answer -----------------------------------------------------

// Reads the key and its row; what follows compares with what was read.
void Shop::find(State& state, Worker& worker) const {
  const int8_t order = state.keys[static_cast<size_t>(worker.key)];
  std::optional<orders::FoundKey> found;
  if (order >= 0) found = found_key(state, state.rows[static_cast<size_t>(order)]);
  const orders::KeyDecision decision = orders::decide_key(found);
  const int8_t key = worker.key;
  worker = {};
  worker.key = key;
  worker.order = order;
  if (order >= 0) {
    const Row& row = state.rows[static_cast<size_t>(order)];
    worker.attempt = row.attempt;
    worker.lease_running = row.lease_until > state.now;
  }
  switch (decision.verdict) {
    case orders::KeyVerdict::kNew:
      worker.pc = Pc::kClaim;
      return;
    case orders::KeyVerdict::kRetake:
      worker.pc = Pc::kRetake;
      return;
    case orders::KeyVerdict::kAskExecutor:
      worker.pc = Pc::kAskExecutor;
      return;
    case orders::KeyVerdict::kReplay:
      return answer(state, worker, state.rows[static_cast<size_t>(order)].answer);
    case orders::KeyVerdict::kReused:
    case orders::KeyVerdict::kInProgress:
      worker = {};
      return;
  }
}

void Shop::claim(State& state, Worker& worker) const {
  int8_t& record = state.keys[static_cast<size_t>(worker.key)];
  if (record >= 0) return find(state, worker);  // another request was faster
  for (int order = 0; order < scope_.orders; ++order) {
    Row& row = state.rows[static_cast<size_t>(order)];
    if (row.exists) continue;
    row = {};
    row.exists = true;
    row.attempt = 1;
    row.lease_until = static_cast<int16_t>(state.now + kLease);
    row.key = worker.key;
    record = static_cast<int8_t>(order);
    worker.pc = Pc::kCheck;
    worker.order = static_cast<int8_t>(order);
    worker.attempt = 1;
    return;
  }
  worker = {};  // the scope has no more orders
}

void Shop::retake(State& state, Worker& worker) const {
  Row& row = state.rows[static_cast<size_t>(worker.order)];
  const bool same = row.state == orders::State::kReceived && row.attempt == worker.attempt &&
                    row.lease_until <= state.now;
  if (!same) return find(state, worker);
  ++row.attempt;
  row.lease_until = static_cast<int16_t>(state.now + kLease);
  worker.attempt = row.attempt;
  worker.pc = Pc::kCheck;
}

void Shop::take_over(State& state, Worker& worker) const {
  const Row& row = state.rows[static_cast<size_t>(worker.order)];
  const bool same = row.state == orders::State::kSubmitting && row.attempt == worker.attempt &&
                    row.lease_until <= state.now;
  if (!same) return find(state, worker);
  submit_again(state, worker, worker.order);
}

void Shop::submit_again(State& state, Worker& worker, int order) const {
  Row& row = state.rows[static_cast<size_t>(order)];
  if (scope_.mutant != Mutant::kTakeoverWithoutCompare) ++row.attempt;
  row.lease_until = static_cast<int16_t>(state.now + kLease);
  if (row.was_in_review) row.accept_before = static_cast<int16_t>(state.now + kAcceptBefore);
  const int8_t key = worker.key;
  worker = {};
  worker.pc = Pc::kStart;
  worker.key = key;
  worker.order = static_cast<int8_t>(order);
  worker.attempt = row.attempt;
  worker.accept_before = row.accept_before;
  const bool too_late = scope_.mutant == Mutant::kExpiredByOwnClock && !row.was_in_review &&
                        state.now > row.accept_before;
  if (too_late) {
    worker.pc = Pc::kRefuse;
    worker.refusal = Reason::kExpired;
  }
}

bool Shop::write_outcome(State& state, const Worker& worker, orders::State to, Reason reason,
                         Answer answer) const {
  Row& row = state.rows[static_cast<size_t>(worker.order)];
  const bool same = row.state == orders::State::kReceived && row.attempt == worker.attempt;
  if (!same && scope_.mutant != Mutant::kOutcomeWithoutCompare) return false;
  move_row(state, worker.order, to);
  row.reason = reason;
  row.answer = answer;
  row.was_in_review = to == orders::State::kInReview;
  if (to == orders::State::kSubmitting) {
    row.accept_before = static_cast<int16_t>(state.now + kAcceptBefore);
  }
  if (to == orders::State::kRejected && orders::frees_key(text_of(reason))) {
    free_key(state, worker.order);
  }
  return true;
}

// The client hears, unless its connection is gone; the session is over.
void Shop::answer(State& state, Worker& worker, Answer answer) const {
  if (worker.key >= 0 && answer != Answer::kNone) {
    const auto key = static_cast<size_t>(worker.key);
    const Row& row = state.rows[static_cast<size_t>(worker.order)];
    if (row.state == orders::State::kReceived || row.answer != answer) {
      state.violated = "an answer was heard before it was durable";
    }
    if (answer == Answer::kAccepted &&
        !state.observed[static_cast<size_t>(worker.order)].accepted) {
      state.violated = "202 for an order that the log has not accepted";
    }
    if (state.heard[key] != Answer::kNone &&
        (state.heard[key] != answer || state.heard_order[key] != worker.order)) {
      state.violated = "two different final answers for one key";
    }
    state.heard[key] = answer;
    state.heard_order[key] = worker.order;
  }
  worker = {};
}

// A durable write and the answer that follows: in between the process may die.
void Shop::done(State& state, const char* what, Moves& moves, const State& before,
                int number) const {
  const int order = before.workers[static_cast<size_t>(number)].order;
  State dead = state;
  const auto key = static_cast<size_t>(before.workers[static_cast<size_t>(number)].key);
  if (before.workers[static_cast<size_t>(number)].key >= 0 &&
      state.workers[static_cast<size_t>(number)].pc == Pc::kIdle &&
      state.heard[key] != before.heard[key]) {
    dead.heard = before.heard;
    dead.heard_order = before.heard_order;
    moves.add_fault(std::move(dead), Fault::kOrchestratorCrash,
                    {"orchestrator", number, what, order, "and dies before the client hears"});
  }
  moves.add(std::move(state), {"orchestrator", number, what, order});
}

void Shop::session_moves(const State& state, int number, Moves& moves) {
  State next = state;
  Worker& worker = next.workers[static_cast<size_t>(number)];
  switch (worker.pc) {
    case Pc::kIdle:
    case Pc::kFind:
      return;
    case Pc::kClaim:
      claim(next, worker);
      return done(next, "claims the key", moves, state, number);
    case Pc::kRetake:
      retake(next, worker);
      return done(next, "takes again", moves, state, number);
    case Pc::kCheck:
      return check_moves(state, number, moves);
    case Pc::kAskExecutor: {
      for (int leader = 0; leader < scope_.terms; ++leader) {
        const LeaderStatus status = state.leaders[static_cast<size_t>(leader)].status;
        if (status != LeaderStatus::kLeads && status != LeaderStatus::kDeposed) continue;
        const bool known = executor_.find(state, leader, worker.order).has_value();
        const auto says = known ? orders::ExecutorSays::kKnown : orders::ExecutorSays::kUnknown;
        State said = state;
        Worker& then = said.workers[static_cast<size_t>(number)];
        const auto verdict = orders::decide_submitting(says, worker.lease_running ? 1'000 : 0);
        if (verdict == orders::SubmittingVerdict::kReplay) {
          answer(said, then, state.rows[static_cast<size_t>(worker.order)].answer);
        } else if (verdict == orders::SubmittingVerdict::kTakeOver) {
          then.pc = Pc::kTakeOver;
        } else {
          then = {};
        }
        done(said, "asks the executor for", moves, state, number);
      }
      worker = {};
      return moves.add(std::move(next), {"orchestrator", number, "answers 503 about",
                                         state.workers[static_cast<size_t>(number)].order});
    }
    case Pc::kTakeOver:
      take_over(next, worker);
      return done(next, "takes over", moves, state, number);
    case Pc::kStart:
    case Pc::kProbe:
    case Pc::kAsk:
      return submission_moves(state, number, moves);
    case Pc::kSubmit:
      return submit_moves(state, number, moves);
    case Pc::kRecord:
      record(next, worker);
      return done(next, "records as accepted", moves, state, number);
    case Pc::kRefuse:
      refuse(next, worker);
      return done(next, "records as refused", moves, state, number);
  }
}

// The checkers' verdicts are the world's choice; the outcome is one durable write.
void Shop::check_moves(const State& state, int number, Moves& moves) {
  struct Choice {
    orders::State to;
    Reason reason;
    Answer answer;
    const char* words;
  };
  std::vector<Choice> choices = {
      {orders::State::kSubmitting, Reason::kNone, Answer::kAccepted, "writes `submitting` for"}};
  if (scope_.outcome_review) {
    choices.push_back(
        {orders::State::kInReview, Reason::kNone, Answer::kInReview, "writes `in_review` for"});
  }
  if (scope_.outcome_refusals) {
    choices.push_back(
        {orders::State::kRejected, Reason::kVerdict, Answer::kRefused, "writes a refusal for"});
    choices.push_back({orders::State::kRejected, Reason::kUnavailable, Answer::kNone,
                       "writes `unavailable` for"});
  }
  for (const Choice& choice : choices) {
    State next = state;
    Worker& worker = next.workers[static_cast<size_t>(number)];
    if (scope_.mutant == Mutant::kAnswerBeforeOutcome && worker.key >= 0) {
      State early = state;
      Worker& hasty = early.workers[static_cast<size_t>(number)];
      const Worker goes_on = hasty;
      answer(early, hasty, choice.answer);
      hasty = goes_on;
      hasty.key = -1;
      moves.add(std::move(early), {"orchestrator", number, "answers first about", worker.order});
    }
    if (!write_outcome(next, worker, choice.to, choice.reason, choice.answer)) {
      find(next, worker);
    } else if (choice.to == orders::State::kSubmitting) {
      worker.pc = Pc::kStart;
      worker.first = true;
      worker.accept_before = next.rows[static_cast<size_t>(worker.order)].accept_before;
    } else {
      answer(next, worker, choice.answer);
    }
    done(next, choice.words, moves, state, number);
  }
}

// --- One submission ------------------------------------------------------------------------------

void Shop::on_event(const State& state, int number, const State& next, SubmissionEvent event,
                    Moves& moves, const Label& label) {
  const Worker& worker = state.workers[static_cast<size_t>(number)];
  for (const SubmissionMove& move : after(worker.submission, event)) {
    State then = next;
    on_step(then, then.workers[static_cast<size_t>(number)], move);
    moves.add(std::move(then), label);
  }
}

void Shop::on_step(State& state, Worker& worker, const SubmissionMove& move) const {
  worker.submission = move.trace;
  worker.member = -1;
  switch (move.step.kind) {
    case Kind::kProbe:
      worker.pc = Pc::kProbe;
      return;
    case Kind::kSubmit:
      worker.pc = Pc::kSubmit;
      worker.member = static_cast<int8_t>(move.step.member);
      return;
    case Kind::kAsk:
      worker.pc = Pc::kAsk;
      return;
    case Kind::kAccepted:
    case Kind::kKnown:
      worker.pc = Pc::kRecord;
      return;
    case Kind::kUnknown:
      if (scope_.mutant == Mutant::kKeyFreedWhileSubmitting) free_key(state, worker.order);
      if (scope_.mutant != Mutant::kUnknownIsRefused) {
        worker = {};  // 503 outcome_unknown
        return;
      }
      [[fallthrough]];
    case Kind::kRefused: {
      const Reason refusal = refusal_of(move.step.refusal);
      const bool may =
          worker.first || refusal == Reason::kExpired || scope_.mutant == Mutant::kTakeoverGivesUp;
      // Another attempt's Submit may be on its way: only time ends such an order.
      if (!may) {
        worker = {};
        return;
      }
      worker.pc = Pc::kRefuse;
      worker.refusal = refusal;
      return;
    }
    case Kind::kPause:
      break;
  }
  BOOKSTORE_CHECK(false, "a pause is played through");
}

void Shop::submission_moves(const State& state, int number, Moves& moves) {
  const Worker& worker = state.workers[static_cast<size_t>(number)];
  const int members = std::min(scope_.terms, 2);
  if (worker.pc == Pc::kStart) {
    for (int member = 0; member < members; ++member) {
      on_event(state, number, state, started_at(member), moves,
               {"orchestrator", number, "submits to the leader it knows", worker.order,
                member == 0 ? "member 0" : "member 1"});
    }
  }
  if (worker.pc == Pc::kStart || worker.pc == Pc::kProbe) {
    unsigned answering = 0;
    unsigned leading = 0;
    for (int member = 0; member < members; ++member) {
      const LeaderStatus status = state.leaders[static_cast<size_t>(member)].status;
      if (status != LeaderStatus::kDead) answering |= 1u << member;
      if (status == LeaderStatus::kLeads || status == LeaderStatus::kDeposed) {
        leading |= 1u << member;
      }
    }
    State looking = state;
    looking.workers[static_cast<size_t>(number)].submission = after({}, started_looking())[0].trace;
    return on_event(looking, number, looking, probed(answering, leading), moves,
                    {"orchestrator", number, "has probed the members for", worker.order});
  }
  // Ask: every member that can say, by id.
  bool known = false;
  for (int leader = 0; leader < scope_.terms; ++leader) {
    const auto found = executor_.find(state, leader, worker.order);
    if (!found) continue;
    known = true;
    State next = state;
    Worker& then = next.workers[static_cast<size_t>(number)];
    then.known = found->state;
    then.known_index = static_cast<uint16_t>(found->index);
    on_event(state, number, next, asked(true), moves,
             {"orchestrator", number, "finds in the log", worker.order});
  }
  on_event(state, number, state, asked(false), moves,
           {"orchestrator", number, known ? "cannot ask for" : "does not find", worker.order});
}

void Shop::submit_moves(const State& state, int number, Moves& moves) {
  const Worker& worker = state.workers[static_cast<size_t>(number)];
  const Leader& leader = state.leaders[static_cast<size_t>(worker.member)];
  if (leader.status == LeaderStatus::kNotYet) {
    int hint = -1;
    for (int other = 0; other < std::min(scope_.terms, 2); ++other) {
      if (state.leaders[static_cast<size_t>(other)].status == LeaderStatus::kLeads) hint = other;
    }
    on_event(state, number, state, answered(Submission::Answer::kNotLeader, hint), moves,
             {"orchestrator", number, "is sent elsewhere with", worker.order});
  } else if (leader.status != LeaderStatus::kDead) {
    State next = state;
    if (const auto submitted =
            executor_.submit(next, worker.member, worker.order, worker.accept_before)) {
      Worker& then = next.workers[static_cast<size_t>(number)];
      then.known = submitted->known;
      then.known_index = submitted->index;
      on_event(state, number, next, answered(answer_of(submitted->verdict), -1), moves,
               {"executor", worker.member, "judges the Submit of", worker.order});
    }
  }
  // No answer: at once where nobody is there who could, else by the world's malice.
  State next = state;
  add_late(next, worker);
  for (const SubmissionMove& move : after(worker.submission, unanswered())) {
    State then = next;
    on_step(then, then.workers[static_cast<size_t>(number)], move);
    const Label label{"orchestrator", number, "hears nothing about its Submit of", worker.order};
    const bool nobody =
        leader.status == LeaderStatus::kDead || leader.status == LeaderStatus::kDeposed;
    if (nobody) {
      moves.add(std::move(then), label);
    } else {
      moves.add_fault(std::move(then), Fault::kLostSubmit, label);
    }
  }
}

// What was sent may still arrive, again and again, until the machine would refuse it by its time.
void Shop::add_late(State& state, const Worker& worker) const {
  LateSubmit* free = nullptr;
  for (LateSubmit& late : state.late_submits) {
    if (late.order == worker.order && late.accept_before == worker.accept_before) return;
    const bool refused = executor_.machine(state.log).time_ms() > late.accept_before;
    if (late.order < 0 || refused) free = &late;
  }
  BOOKSTORE_CHECK(free != nullptr, "more late Submits than the model has room for");
  *free = {worker.order, worker.accept_before};
}

void Shop::late_submit_moves(const State& state, Moves& moves) {
  for (const LateSubmit& late : state.late_submits) {
    if (late.order < 0) continue;
    for (int leader = 0; leader < scope_.terms; ++leader) {
      if (state.leaders[static_cast<size_t>(leader)].status != LeaderStatus::kLeads) continue;
      const auto& machine = executor_.machine(state.log);
      // KNOWN, and nothing is appended.
      if (late.accept_before <= machine.accept_before_ms(order_id(late.order))) continue;
      State next = state;
      executor_.submit(next, leader, late.order, late.accept_before);
      moves.add(std::move(next), {"executor", leader, "judges a late Submit of", late.order});
    }
  }
}

// checkout::record_accepted: the row follows what the log says.
void Shop::record(State& state, Worker& worker) const {
  Row& row = state.rows[static_cast<size_t>(worker.order)];
  if (worker.known == orders::State::kAccepted) {
    if (row.state == orders::State::kSubmitting && row.attempt == worker.attempt) {
      move_row(state, worker.order, orders::State::kAccepted);
      row.index = worker.known_index;
    }
  } else {
    const auto judged =
        orders::judge_projection({row.state, row.index}, {worker.known, worker.known_index});
    if (judged == orders::Projection::kIllegal) {
      state.violated = "a projection met a row that cannot have come there";
    }
    if (judged == orders::Projection::kApply) {
      row.state = worker.known;
      row.index = worker.known_index;
    }
  }
  answer(state, worker, row.answer);
}

void Shop::refuse(State& state, Worker& worker) const {
  Row& row = state.rows[static_cast<size_t>(worker.order)];
  const bool promised = row.was_in_review && scope_.mutant != Mutant::kReviewExpires;
  const bool same = row.state == orders::State::kSubmitting && row.attempt == worker.attempt;
  if (!same || promised) {
    if (worker.key >= 0 && !promised) return find(state, worker);
    worker = {};
    return;
  }
  move_row(state, worker.order, orders::State::kRejected);
  row.reason = worker.refusal;
  row.answer = Answer::kNone;
  free_key(state, worker.order);
  worker = {};
}

const char* Shop::contradicted(const State& state, int key) {
  const auto at = static_cast<size_t>(key);
  if (state.heard[at] == Answer::kNone) return nullptr;
  const int8_t order = state.keys[at];
  if (order < 0) return "a key with a final answer is free again";
  const Row& row = state.rows[static_cast<size_t>(order)];
  const auto decision = orders::decide_key(found_key(state, row));
  if (decision.verdict == orders::KeyVerdict::kRetake ||
      decision.verdict == orders::KeyVerdict::kInProgress) {
    return "an order is checked again after its final answer";
  }
  if (row.answer != state.heard[at] || order != state.heard_order[at]) {
    return "two different final answers for one key";
  }
  return nullptr;
}

}  // namespace bookstore::models
