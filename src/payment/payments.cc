#include "payment/payments.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/crash_point.h"
#include "base/ids.h"
#include "base/status.h"
#include "payment/provider_steps.h"

namespace bookstore::payment {
namespace {

using postgres::Transaction;

constexpr size_t kTokenMax = 64;
constexpr base::DurationMs kLateWriteMs = 5'000;
// What the last transaction and the reply need of the caller's deadline.
constexpr base::DurationMs kFinishReserveMs = 300;

bool valid_amount(const base::Money& amount) {
  if (amount.minor <= 0 || amount.currency.size() != 3) return false;
  for (const char c : amount.currency) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

absl::Status check_shape(Ask ask, uint64_t fence, const std::vector<OrderCall>& orders) {
  if (orders.size() > kBatchOrdersMax) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kBatchOrdersMax, " orders a call"));
  }
  if (fence == 0 || fence > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError("the fence is not a leader's term");
  }
  std::set<std::string_view> seen;
  for (const OrderCall& order : orders) {
    if (!base::parse_order_id(order.order_id)) {
      return absl::InvalidArgumentError("an order id is not well formed");
    }
    if (!seen.insert(order.order_id).second) {
      return absl::InvalidArgumentError(absl::StrCat("order twice in a call: ", order.order_id));
    }
    if (ask == Ask::kPrepare && (order.token.empty() || order.token.size() > kTokenMax)) {
      return absl::InvalidArgumentError("a token is not well formed");
    }
    if (ask != Ask::kAbort && !valid_amount(order.amount)) {
      return absl::InvalidArgumentError("an amount is not well formed");
    }
  }
  return absl::OkStatus();
}

Circumstances circumstances_of(Ask ask, const OrderCall& order, const OrderRow& row,
                               const LockedRows& locked) {
  Circumstances circumstances{.facts = row.facts};
  if (row.state == State::kNone) {
    const auto card = locked.vault.find(order.token);
    const bool known = card != locked.vault.end() && card->second.order_id == order.order_id;
    if (ask == Ask::kPrepare && !known) circumstances.refusal = "unknown_token";
  } else if (ask == Ask::kPrepare && !row.token.empty()) {
    circumstances.same_payment = row.token == order.token && row.amount == order.amount;
  } else if (ask == Ask::kCommit) {
    circumstances.same_payment = row.amount == order.amount;
  }
  return circumstances;
}

// Takes facts and call up: moves the row, records what it went through, fills the answer.
Decision move_on(Ask ask, const OrderCall& order, const LockedRows& locked, OrderRow& row,
                 causality::Recorder& recorder, OrderAnswer& answer) {
  const State before = row.state;
  const Decision decision = decide(before, ask, circumstances_of(ask, order, row, locked));
  if (decision.learned != before) recorder.local(name_of(decision.learned));
  if (decision.next != decision.learned) recorder.local(name_of(decision.next));
  row.state = decision.next;
  if (decision.next == State::kRefused && decision.learned != before) {
    row.reason = row.authorise_reason;
  } else if (decision.next == State::kRefused && before == State::kNone) {
    row.reason = decision.reason;
  }
  answer.answer = decision.answer;
  answer.reason = decision.answer == Answer::kRefused ? row.reason : std::string(decision.reason);
  return decision;
}

bool has_ended(const OrderAnswer& answer) {
  return answer.answer == Answer::kCommitted || answer.answer == Answer::kAborted ||
         answer.answer == Answer::kRefused;
}

// The two transactions of a call.
constexpr base::DurableWrite intent_of(Ask ask) {
  using base::DurableWrite;
  if (ask == Ask::kPrepare) return DurableWrite::kAuthoriseIntent;
  return ask == Ask::kCommit ? DurableWrite::kCaptureIntent : DurableWrite::kVoidIntent;
}
constexpr base::DurableWrite outcome_of(Ask ask) {
  using base::DurableWrite;
  if (ask == Ask::kPrepare) return DurableWrite::kAuthorised;
  return ask == Ask::kCommit ? DurableWrite::kCaptured : DurableWrite::kVoided;
}

std::vector<Fact> flatten(std::vector<std::vector<Fact>> facts) {
  std::vector<Fact> all;
  for (auto& some : facts) all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace

Payments::Payments(postgres::Pool& pool, Provider& provider, Config config)
    : pool_(pool),
      provider_(provider),
      config_(std::move(config)),
      provider_calls_(pool.clock(), config_.provider_threads, config_.provider_queue,
                      config_.provider_ms, [this](const std::vector<Fact>& facts) {
                        // A failure here costs nothing but a question by the same key later.
                        write_facts(pool_, facts,
                                    base::Deadline::after(pool_.clock(), kLateWriteMs))
                            .IgnoreError();
                      }) {
  BOOKSTORE_CHECK(causality::valid_host(config_.host), config_.host);
}

absl::StatusOr<std::vector<OrderAnswer>> Payments::call(Ask ask, uint64_t fence,
                                                        const std::vector<OrderCall>& orders,
                                                        base::Deadline deadline) {
  auto answers = answer(ask, fence, orders, deadline);
  if (answers.ok() && std::any_of(answers->begin(), answers->end(), has_ended)) {
    config_.payment_ended();
  }
  return answers;
}

absl::StatusOr<std::vector<OrderAnswer>> Payments::answer(Ask ask, uint64_t fence,
                                                          const std::vector<OrderCall>& orders,
                                                          base::Deadline deadline) {
  BOOKSTORE_RETURN_IF_ERROR(check_shape(ask, fence, orders));
  const auto term = static_cast<int64_t>(fence);
  const base::Clock& clock = pool_.clock();
  const auto pending_at = base::Deadline::at(
      std::min(base::Deadline::after(clock, config_.pending_after_ms).steady_ms(),
               deadline.steady_ms() - kFinishReserveMs));
  Begun begun;
  if (orders.empty()) return begun.answers;
  BOOKSTORE_CRASH_BEFORE_ONE(intent_of(ask));
  BOOKSTORE_RETURN_IF_ERROR(
      postgres::in_transaction(pool_, deadline, [&](Transaction& transaction) {
        begun = {};
        return begin(transaction, ask, term, orders, begun);
      }));
  BOOKSTORE_CRASH_AFTER_ONE(intent_of(ask));
  if (begun.tasks.empty()) return begun.answers;

  const std::vector<Fact> facts = ask_provider(orders, begun.tasks, pending_at);
  std::vector<OrderAnswer> answers;
  BOOKSTORE_CRASH_BEFORE_ONE(outcome_of(ask));
  BOOKSTORE_RETURN_IF_ERROR(
      postgres::in_transaction(pool_, deadline, [&](Transaction& transaction) {
        answers = begun.answers;
        return finish(transaction, ask, term, orders, begun.tasks, facts, answers);
      }));
  BOOKSTORE_CRASH_AFTER_ONE(outcome_of(ask));
  return answers;
}

absl::Status Payments::begin(Transaction& transaction, Ask ask, int64_t fence,
                             const std::vector<OrderCall>& orders, Begun& begun) {
  std::vector<std::string> order_ids;
  std::vector<std::string> tokens;
  for (const OrderCall& order : orders) {
    order_ids.push_back(order.order_id);
    if (ask == Ask::kPrepare) tokens.push_back(order.token);
  }
  BOOKSTORE_ASSIGN_OR_RETURN(LockedRows locked,
                             lock_rows(transaction, fence, order_ids, tokens, {}));
  RowWrites writes;
  const std::string method(name_of(ask));
  for (size_t i = 0; i < orders.size(); ++i) {
    const OrderCall& order = orders[i];
    OrderAnswer& answer = begun.answers.emplace_back();
    answer.order_id = order.order_id;
    if (locked.stale) {
      answer.answer = Answer::kStaleFence;
      continue;
    }
    OrderRow row = locked.orders[order.order_id];
    const State before = row.state;
    causality::Recorder recorder(config_.host, row.clock);
    recorder.receive("recv " + method, order.clock);
    const Decision decision = move_on(ask, order, locked, row, recorder, answer);
    if (decision.next == State::kNone) continue;  // nothing to remember, nothing recorded

    if (decision.work == Work::kNone) recorder.send("send " + method + " reply");
    answer.clock = row.clock = recorder.clock();
    answer.events = recorder.events();
    if (before == State::kNone && ask == Ask::kPrepare) {
      row.token = order.token;
      row.amount = order.amount;
    }
    if (before == State::kNone) writes.insert(order.order_id, row);
    if (before != State::kNone) writes.move(order.order_id, before, row);
    if (decision.work == Work::kNone) continue;
    writes.intend(order.order_id, decision.work, row.amount);
    const bool asked_before = decision.next == before;
    begun.tasks.push_back(
        {i, decision.work, asked_before, locked.vault[row.token].provider_token, row.amount});
  }
  return writes.run(transaction, fence);
}

absl::Status Payments::finish(Transaction& transaction, Ask ask, int64_t fence,
                              const std::vector<OrderCall>& orders, const std::vector<Task>& tasks,
                              std::span<const Fact> facts, std::vector<OrderAnswer>& answers) {
  std::vector<std::string> order_ids;
  for (const Task& task : tasks) order_ids.push_back(orders[task.index].order_id);
  BOOKSTORE_ASSIGN_OR_RETURN(LockedRows locked,
                             lock_rows(transaction, fence, order_ids, {}, facts));
  RowWrites writes;
  const std::string method(name_of(ask));
  for (const Task& task : tasks) {
    const OrderCall& order = orders[task.index];
    OrderAnswer& answer = answers[task.index];
    if (locked.stale) {
      answer.answer = Answer::kStaleFence;  // a new leader took over while the provider thought
      continue;
    }
    OrderRow& row = locked.orders[order.order_id];
    const State before = row.state;
    causality::Recorder recorder(config_.host, row.clock);
    move_on(ask, order, locked, row, recorder, answer);
    answer.clock = row.clock = recorder.send("send " + method + " reply");
    for (const auto& event : recorder.events()) answer.events.push_back(event);
    writes.move(order.order_id, before, row);
  }
  return writes.run(transaction, fence);
}

std::vector<Fact> Payments::ask_provider(const std::vector<OrderCall>& orders,
                                         const std::vector<Task>& tasks, base::Deadline until) {
  std::vector<std::shared_ptr<ProviderCalls::Ticket>> tickets;
  for (const Task& task : tasks) {
    const std::string& order_id = orders[task.index].order_id;
    // Authorise and the cancel that overtakes it are two calls; the provider decides who was first.
    const auto name = absl::StrCat(order_id, ":", static_cast<int>(task.work));
    tickets.push_back(provider_calls_.start(name, task.asked_before, job_for(order_id, task)));
  }
  return flatten(provider_calls_.wait(tickets, until));
}

ProviderCalls::Job Payments::job_for(const std::string& order_id, const Task& task) {
  return [&provider = provider_, keys = step_keys(order_id), task](base::Deadline deadline) {
    switch (task.work) {
      case Work::kAuthorise:
        return ask_authorise(provider, keys, task.provider_token, task.amount, task.asked_before,
                             deadline);
      case Work::kCapture:
        return ask_capture(provider, keys, task.amount, task.asked_before, deadline);
      case Work::kCancelAndVoid:
        return ask_cancel_and_void(provider, keys, deadline);
      case Work::kNone:
        break;
    }
    BOOKSTORE_CHECK(false, "no work, no job");
  };
}

}  // namespace bookstore::payment
