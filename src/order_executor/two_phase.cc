#include "order_executor/two_phase.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

// What a capture that is refused for good is called by payment; nothing was or will be captured.
bool capture_refused_for_good(const Answer& answer) {
  return answer.state == ParticipantState::kRefused || answer.reason == "capture_refused" ||
         answer.reason == "amount_differs";
}

const char* name_of(Participant participant) {
  return participant == Participant::kInventory ? "inventory" : "payment";
}

const char* name_of(Call call) {
  switch (call) {
    case Call::kPrepare:
      return "prepare";
    case Call::kCommit:
      return "commit";
    case Call::kAbort:
      break;
  }
  return "abort";
}

std::string reason_or(const Answer& answer, std::string_view fallback) {
  return answer.reason.empty() ? std::string(fallback) : answer.reason;
}

}  // namespace

Duties TwoPhase::step(const OrderMachine& machine, base::SteadyMs now_ms) {
  if (fenced_off_) return {};
  Duties duties;
  follow(machine);
  begin(machine, now_ms, duties);
  // What is nearest to its end first: the lists in flight are bounded.
  for (const Stage stage : {Stage::kConsume, Stage::kCapture, Stage::kRelease, Stage::kVoid,
                            Stage::kAuthorise, Stage::kHold}) {
    send(stage, now_ms, duties);
  }
  retire(duties);
  std::move(proposals_.begin(), proposals_.end(), std::back_inserter(duties.proposals));
  proposals_.clear();
  duties.wake_at_ms = next_wake(machine, now_ms);
  return duties;
}

void TwoPhase::follow(const OrderMachine& machine) {
  std::erase_if(works_, [&](const auto& item) { return !machine.executing().count(item.first); });
  for (const base::OrderId& id : machine.executing()) {
    const Order& order = *machine.order(id);
    const auto [found, fresh] = works_.try_emplace(id);
    Work& work = found->second;
    if (!fresh && work.decision == order.decision) continue;
    work.decision = order.decision;
    // A call of the earlier stage may still be under way: its answer will find another stage and
    // change nothing, and the participants' table makes the overlap harmless.
    if (const auto stage = first_stage(order)) {
      advance(work, *stage);
    } else {
      propose(work, Finish{id, ""});
    }
  }
}

std::optional<TwoPhase::Stage> TwoPhase::first_stage(const Order& order) {
  switch (order.decision) {
    case Decision::kNone:
      return Stage::kHold;
    case Decision::kCommit:
      return Stage::kCapture;
    case Decision::kAbort:
      break;
  }
  switch (order.abort_scope) {
    case AbortScope::kNobody:
      return std::nullopt;
    case AbortScope::kInventory:
      return Stage::kRelease;
    case AbortScope::kBoth:
      return Stage::kVoid;
  }
  return Stage::kVoid;
}

Send TwoPhase::send_of(Stage stage) {
  switch (stage) {
    case Stage::kHold:
      return {Participant::kInventory, Call::kPrepare, {}};
    case Stage::kAuthorise:
      return {Participant::kPayment, Call::kPrepare, {}};
    case Stage::kCapture:
      return {Participant::kPayment, Call::kCommit, {}};
    case Stage::kConsume:
      return {Participant::kInventory, Call::kCommit, {}};
    case Stage::kVoid:
      return {Participant::kPayment, Call::kAbort, {}};
    case Stage::kRelease:
      return {Participant::kInventory, Call::kAbort, {}};
    case Stage::kProposed:
      break;
  }
  BOOKSTORE_CHECK(false, "a proposed order has nothing to send");
}

void TwoPhase::begin(const OrderMachine& machine, base::SteadyMs now_ms, Duties& duties) {
  if (begin_proposed_ || paused(Participant::kInventory, now_ms) ||
      paused(Participant::kPayment, now_ms)) {
    return;
  }
  // An order that began would hold stock while it waits for a participant that may still be away:
  // one alone goes ahead to see, if nothing else does.
  const bool doubtful = lines_[0].failures > 0 || lines_[1].failures > 0;
  if (doubtful && !works_.empty()) return;
  if (now_ms < begin_at_ms_ && machine.waiting() < kBatchMax) return;
  auto ids = machine.next_to_begin(doubtful ? 1 : kBatchMax);
  if (ids.empty()) return;
  begin_proposed_ = true;
  begin_at_ms_ = now_ms + config_.begin_linger_ms;
  duties.proposals.push_back(Begin{std::move(ids)});
}

void TwoPhase::send(Stage stage, base::SteadyMs now_ms, Duties& duties) {
  Send list = send_of(stage);
  Line& to = line(list.participant);
  const auto flush = [&] {
    if (list.ids.empty()) return;
    ++to.in_flight[static_cast<size_t>(list.call)];
    duties.sends.push_back(std::exchange(list, send_of(stage)));
  };
  for (auto& [id, work] : works_) {
    if (work.stage != stage || work.in_flight || work.next_try_ms > now_ms) continue;
    if (!may_send(list, now_ms)) break;
    work.in_flight = true;
    list.ids.push_back(id);
    if (list.ids.size() == kBatchMax) flush();
  }
  flush();
}

bool TwoPhase::may_send(const Send& send, base::SteadyMs now_ms) const {
  const Line& to = line(send.participant);
  if (paused(send.participant, now_ms)) return false;
  if (to.failures > 0) {
    size_t under_way = 0;
    for (const size_t count : to.in_flight) under_way += count;
    return under_way == 0;
  }
  return to.in_flight[static_cast<size_t>(send.call)] < config_.calls_in_flight_max;
}

void TwoPhase::retire(Duties& duties) {
  Retire batch;
  const auto flush = [&] {
    if (!batch.orders.empty()) duties.proposals.push_back(std::exchange(batch, {}));
  };
  for (const auto& [id, accept_before_ms] : to_retire_) {
    batch.orders.push_back({id, accept_before_ms});
    if (batch.orders.size() == kBatchMax) flush();
  }
  flush();
  to_retire_.clear();
}

std::optional<base::SteadyMs> TwoPhase::next_wake(const OrderMachine& machine,
                                                  base::SteadyMs now_ms) const {
  std::optional<base::SteadyMs> wake_at_ms;
  const auto at = [&](base::SteadyMs time_ms) {
    // What is due and yet was not sent waits for a call under way, not for time.
    if (time_ms > now_ms) wake_at_ms = std::min(wake_at_ms.value_or(time_ms), time_ms);
  };
  for (const auto& [id, work] : works_) {
    if (work.stage == Stage::kProposed || work.in_flight) continue;
    at(std::max(work.next_try_ms, line(send_of(work.stage).participant).resume_at_ms));
  }
  if (machine.waiting() > 0) {
    at(std::max({lines_[0].resume_at_ms, lines_[1].resume_at_ms, begin_at_ms_}));
  }
  return wake_at_ms;
}

void TwoPhase::on_applied(const Command& command) {
  if (std::holds_alternative<Begin>(command)) begin_proposed_ = false;
  // An operator's word on a parked order: it starts anew, even if it was parked since the last
  // step.
  if (const auto* resume = std::get_if<Resume>(&command)) works_.erase(resume->id);
  if (const auto* fail = std::get_if<Fail>(&command)) works_.erase(fail->id);
}

void TwoPhase::on_answers(const OrderMachine& machine, const Send& send,
                          const std::vector<Answer>& answers, base::SteadyMs now_ms) {
  Line& from = line(send.participant);
  --from.in_flight[static_cast<size_t>(send.call)];
  from.failures = 0;
  from.resume_at_ms = 0;
  for (const base::OrderId& id : send.ids) {
    const auto found = works_.find(id);
    const Order* order = machine.order(id);
    if (found == works_.end() || order == nullptr) continue;  // parked or finished meanwhile
    Work& work = found->second;
    work.in_flight = false;
    if (work.stage == Stage::kProposed || work.decision != order->decision) continue;
    const Send expected = send_of(work.stage);
    if (expected.participant != send.participant || expected.call != send.call) continue;
    const auto answer = std::find_if(answers.begin(), answers.end(),
                                     [&](const Answer& candidate) { return candidate.id == id; });
    if (answer == answers.end()) {
      try_again(work, now_ms);
    } else {
      on_answer(*order, work, *answer, now_ms);
    }
  }
}

void TwoPhase::on_unavailable(const Send& send, base::SteadyMs now_ms) {
  Line& from = line(send.participant);
  --from.in_flight[static_cast<size_t>(send.call)];
  from.resume_at_ms = now_ms + back_off(from.failures++);
  for (const base::OrderId& id : send.ids) {
    const auto found = works_.find(id);
    if (found != works_.end()) found->second.in_flight = false;
  }
}

void TwoPhase::on_projected(const std::vector<RetiredOrder>& orders) {
  for (const auto& [id, accept_before_ms] : orders) {
    base::WallMs& newest_ms = to_retire_[id];
    newest_ms = std::max(newest_ms, accept_before_ms);
  }
}

void TwoPhase::on_answer(const Order& order, Work& work, const Answer& answer,
                         base::SteadyMs now_ms) {
  if (answer.state == ParticipantState::kStaleFence) {
    fenced_off_ = true;
    return;
  }
  switch (send_of(work.stage).call) {
    case Call::kPrepare:
      return on_prepare(order, work, answer, now_ms);
    case Call::kCommit:
      return on_commit(order, work, answer, now_ms);
    case Call::kAbort:
      return on_abort(order, work, answer, now_ms);
  }
}

void TwoPhase::on_prepare(const Order& order, Work& work, const Answer& answer,
                          base::SteadyMs now_ms) {
  const bool payment = work.stage == Stage::kAuthorise;
  switch (answer.state) {
    case ParticipantState::kPrepared:
      if (payment) return propose(work, Decide{order.id, Decision::kCommit, {}, "", ""});
      return advance(work, Stage::kAuthorise);
    case ParticipantState::kRefused:
      // A refusal is stored at the participant and holds nothing there. Inventory is asked first,
      // so a stock refusal proves that no leader ever asked payment.
      if (payment) return decide_abort(order, work, AbortScope::kInventory, answer.reason);
      return decide_abort(order, work, AbortScope::kNobody, answer.reason);
    case ParticipantState::kAborted:
      return decide_abort(order, work, AbortScope::kBoth, reason_or(answer, "aborted"));
    case ParticipantState::kPending:
      return try_again(work, now_ms);
    default:
      return park(order, work, ParkKind::kContradiction, answer);
  }
}

void TwoPhase::on_commit(const Order& order, Work& work, const Answer& answer,
                         base::SteadyMs now_ms) {
  const bool payment = work.stage == Stage::kCapture;
  switch (answer.state) {
    case ParticipantState::kCommitted:
      if (payment) return advance(work, Stage::kConsume);
      return propose(work, Finish{order.id, ""});
    case ParticipantState::kPending:
    case ParticipantState::kPrepared:
      return try_again(work, now_ms);
    default:
      return park(order, work,
                  payment && capture_refused_for_good(answer) ? ParkKind::kCaptureRefused
                                                              : ParkKind::kContradiction,
                  answer);
  }
}

void TwoPhase::on_abort(const Order& order, Work& work, const Answer& answer,
                        base::SteadyMs now_ms) {
  const bool payment = work.stage == Stage::kVoid;
  switch (answer.state) {
    case ParticipantState::kAborted:
    case ParticipantState::kRefused:
      if (payment) return advance(work, Stage::kRelease);
      return propose(work, Finish{order.id, ""});
    case ParticipantState::kPending:
    case ParticipantState::kPrepared:
      return try_again(work, now_ms);
    default:
      return park(order, work, ParkKind::kContradiction, answer);
  }
}

void TwoPhase::advance(Work& work, Stage stage) {
  work.stage = stage;
  work.tries = 0;
  work.next_try_ms = 0;
}

void TwoPhase::propose(Work& work, Command command) {
  work.stage = Stage::kProposed;
  proposals_.push_back(std::move(command));
}

void TwoPhase::decide_abort(const Order& order, Work& work, AbortScope scope, std::string reason) {
  if (reason.empty()) reason = "refused";
  propose(work, Decide{order.id, Decision::kAbort, scope, std::move(reason), ""});
}

void TwoPhase::park(const Order& order, Work& work, ParkKind kind, const Answer& answer) {
  propose(work, Park{order.id, kind,
                     absl::StrCat(name_of(send_of(work.stage).participant), ": ",
                                  reason_or(answer, "contradiction")),
                     ""});
}

void TwoPhase::try_again(Work& work, base::SteadyMs now_ms) const {
  work.next_try_ms = now_ms + back_off(work.tries++);
}

base::DurationMs TwoPhase::back_off(uint32_t tries) const {
  base::DurationMs delay_ms = config_.retry_min_ms;
  for (uint32_t i = 0; i < tries && delay_ms < config_.retry_max_ms; ++i) delay_ms *= 2;
  return std::min(delay_ms, config_.retry_max_ms);
}

std::optional<Progress> TwoPhase::progress(const base::OrderId& id, base::SteadyMs now_ms) const {
  const auto found = works_.find(id);
  if (found == works_.end()) return std::nullopt;
  const Work& work = found->second;
  if (work.stage == Stage::kProposed) return Progress{"the log", false, 0, 0};
  const Send next = send_of(work.stage);
  const base::SteadyMs try_at_ms = std::max(work.next_try_ms, line(next.participant).resume_at_ms);
  return Progress{absl::StrCat(name_of(next.participant), " ", name_of(next.call)), work.in_flight,
                  work.tries, std::max<base::DurationMs>(0, try_at_ms - now_ms)};
}

std::string TwoPhase::fingerprint() const {
  base::ByteWriter out;
  out.u8(fenced_off_);
  out.u8(begin_proposed_);
  for (const auto& [id, work] : works_) {
    out.string(id.value);
    out.u8(static_cast<uint8_t>(work.stage));
    out.u8(static_cast<uint8_t>(work.decision));
    out.u8(work.in_flight);
  }
  for (const Line& line : lines_) {
    for (const size_t count : line.in_flight) out.varint(count);
    out.u8(line.failures > 0);
  }
  for (const Command& command : proposals_) out.string(encode_entry({0, command}));
  for (const auto& [id, accept_before_ms] : to_retire_) {
    out.string(id.value);
    out.u64(static_cast<uint64_t>(accept_before_ms));
  }
  return out.take();
}

bool TwoPhase::paused(Participant participant, base::SteadyMs now_ms) const {
  return line(participant).resume_at_ms > now_ms;
}

}  // namespace bookstore::order_executor
