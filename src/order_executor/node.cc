#include "order_executor/node.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/crash_point.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

constexpr base::DurationMs kIdleMs = 60'000;
// While something waits for replicated time (DESIGN §4).
constexpr base::DurationMs kTimeEntryMs = 1'000;
constexpr size_t kWatchPage = 1'000;

std::optional<base::DurableWrite> write_of(const Command& command) {
  using base::DurableWrite;
  if (std::holds_alternative<Submit>(command)) return DurableWrite::kSubmitEntry;
  if (std::holds_alternative<Begin>(command)) return DurableWrite::kBeginEntry;
  if (std::holds_alternative<Decide>(command)) return DurableWrite::kDecideEntry;
  if (std::holds_alternative<Finish>(command)) return DurableWrite::kFinishEntry;
  if (std::holds_alternative<Park>(command)) return DurableWrite::kParkEntry;
  if (std::holds_alternative<Resume>(command)) return DurableWrite::kResumeEntry;
  if (std::holds_alternative<Fail>(command)) return DurableWrite::kFailEntry;
  if (std::holds_alternative<Retire>(command)) return DurableWrite::kRetireEntry;
  if (std::holds_alternative<Time>(command)) return DurableWrite::kTimeEntry;
  return std::nullopt;
}

}  // namespace

Node::Node(Config config, std::unique_ptr<Disk> disk, Participants& participants,
           const base::Clock& clock)
    : config_(std::move(config)),
      disk_(std::move(disk)),
      participants_(participants),
      clock_(clock) {}

Node::~Node() {
  stop();
}

absl::Status Node::start(OnTransitions on_transitions, OnFatal on_fatal,
                         std::vector<std::string>& notes) {
  BOOKSTORE_CHECK(replica_ == nullptr, "started twice");
  // No time is proposed before the database has confirmed ours.
  BOOKSTORE_CRASH_BEFORE(kLeadEntry);
  BOOKSTORE_ASSIGN_OR_RETURN(replica_, Replica::start(*disk_, config_.replica, 0, notes));
  BOOKSTORE_CRASH_AFTER(kLeadEntry);
  on_transitions_ = std::move(on_transitions);
  on_fatal_ = std::move(on_fatal);
  const OrderMachine& machine = replica_->machine();
  clocks_ = std::make_unique<OrderClocks>(replica_->term());
  history_ = std::make_unique<TransitionHistory>(machine.applied_index(), config_.history_max);
  std::vector<Transition> unretired;
  for (const auto& [id, order] : machine.orders()) {
    unretired.push_back(
        {id, order.state, order.state, order.reason, order.index, order.changed_ms, order.clock});
    parked_ += order.state == State::kNeedsAttention ? 1 : 0;
  }
  if (!unretired.empty()) on_transitions_(unretired);
  publish();
  thread_ = std::thread([this] { run(); });
  return absl::OkStatus();
}

void Node::stop() {
  inbox_->close();
  if (thread_.joinable()) thread_.join();
  if (snapshot_writer_.joinable()) snapshot_writer_.join();
}

void Node::submit(Submit submit, std::function<void(absl::StatusOr<Submitted>)> done) {
  // Nothing was proposed when this is refused, and QUEUE_FULL says exactly that to a client.
  const bool taken =
      inbox_->try_post([this, submit = std::move(submit),
                        done]() mutable { on_submit(std::move(submit), std::move(done)); },
                       config_.inbox_max);
  if (!taken) done(Submitted{inbox_->closed() ? Outcome::kNotLeader : Outcome::kQueueFull, {}, ""});
}

void Node::find(base::OrderId id, std::function<void(absl::StatusOr<std::optional<Known>>)> done) {
  const bool taken = inbox_->try_post(
      [this, id = std::move(id), done] { done(replica_->machine().find(id)); }, config_.inbox_max);
  if (!taken) done(absl::UnavailableError("the order executor is overloaded or stopping"));
}

void Node::watch(uint64_t after, base::DurationMs max_wait_ms,
                 std::function<void(absl::StatusOr<TransitionHistory::Page>)> done) {
  const base::SteadyMs until_ms =
      clock_.steady_ms() + std::clamp<base::DurationMs>(max_wait_ms, 0, config_.watch_max_ms);
  const bool taken = inbox_->try_post(
      [this, after, until_ms, done] {
        if (watchers_.size() >= config_.watchers_max) {
          return done(absl::ResourceExhaustedError("too many watchers"));
        }
        watchers_.emplace(until_ms, Watcher{after == 0 ? history_->last() : after, done});
      },
      config_.inbox_max);
  if (!taken) done(absl::UnavailableError("the order executor is overloaded or stopping"));
}

void Node::projected(std::vector<RetiredOrder> orders) {
  inbox_->post([this, orders = std::move(orders)] { replica_->on_projected(orders); });
}

void Node::database_time(base::WallMs database_ms, base::WallMs wall_ms) {
  inbox_->post([this, database_ms, wall_ms] {
    time_keeper_.on_database_time(database_ms, wall_ms, clock_.steady_ms());
  });
}

Node::Snapshot Node::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void Node::run() {
  bool closed = false;
  do {
    // What was posted before the inbox closed is still done and answered.
    closed = inbox_->closed();
    for (Inbox::Task& task : inbox_->take(wait_ms())) task();
    turn();
    answer_watchers(closed);
    if (!closed) take_snapshot();
    publish();
  } while (!closed);
}

// Until neither the coordinator nor anybody else has an entry left to append.
void Node::turn() {
  keep_time();
  do {
    take_duties();
    commit_batch();
  } while (!batch_.empty() || wake_at_ms_ <= clock_.steady_ms());
}

base::DurationMs Node::wait_ms() const {
  base::SteadyMs until_ms = std::min(clock_.steady_ms() + kIdleMs, wake_at_ms_);
  if (!watchers_.empty()) until_ms = std::min(until_ms, watchers_.begin()->first);
  if (waits_for_time()) until_ms = std::min(until_ms, time_due_ms_);
  return std::max<base::DurationMs>(0, until_ms - clock_.steady_ms());
}

// Finished ids are forgotten by replicated time, which only entries move.
bool Node::waits_for_time() const {
  return leading() && replica_->machine().finished_kept() > 0;
}

void Node::keep_time() {
  if (!batch_.empty() || !waits_for_time() || clock_.steady_ms() < time_due_ms_) return;
  batch_.push_back({Time{}, nullptr});
}

void Node::take_duties() {
  wake_at_ms_ = INT64_MAX;
  if (!leading()) return;
  Duties duties = replica_->step(clock_.steady_ms());
  for (const Send& list : duties.sends) send(list);
  for (Command& command : duties.proposals) {
    add_clock(command);
    batch_.push_back({std::move(command), nullptr});
  }
  wake_at_ms_ = duties.wake_at_ms.value_or(INT64_MAX);
}

void Node::commit_batch() {
  if (batch_.empty()) return;
  std::vector<Waiting> batch = std::exchange(batch_, {});
  std::vector<Command> commands;
  for (Waiting& waiting : batch) commands.push_back(std::move(waiting.command));
  for (const Command& command : commands) {
    if (const auto write = write_of(command)) BOOKSTORE_CRASH_BEFORE_ONE(*write);
  }
  auto committed = replica_->commit(std::move(commands),
                                    time_keeper_.propose(clock_.wall_ms(), clock_.steady_ms()));
  if (!committed.ok()) {
    for (const Waiting& waiting : batch) {
      if (waiting.done) waiting.done(committed.status());
    }
    return fail(committed.status());
  }
  for (const Committed& entry : *committed) {
    if (const auto write = write_of(entry.entry.command)) BOOKSTORE_CRASH_AFTER_ONE(*write);
  }
  time_due_ms_ = clock_.steady_ms() + kTimeEntryMs;
  std::vector<Transition> transitions;
  for (size_t i = 0; i < batch.size(); ++i) {
    Committed& entry = (*committed)[i];
    on_committed(entry, batch[i]);
    history_->add(entry.applied.transitions, entry.index);
    std::move(entry.applied.transitions.begin(), entry.applied.transitions.end(),
              std::back_inserter(transitions));
  }
  if (!transitions.empty()) on_transitions_(transitions);
  // Somebody's entry may have given the coordinator something to do.
  wake_at_ms_ = clock_.steady_ms();
  if (!replica_->wal().health().ok()) fail(replica_->wal().health());
}

void Node::fail(const absl::Status& status) {
  if (!health_.ok()) return;
  health_ = status;
  wake_at_ms_ = INT64_MAX;
  on_fatal_(base::describe(status));
}

void Node::on_submit(Submit submit, std::function<void(absl::StatusOr<Submitted>)> done) {
  if (!leading()) return done(Submitted{Outcome::kNotLeader, {}, ""});
  // Known orders are answered also while the clocks disagree: nothing is proposed for them.
  if (const auto known = replica_->machine().find(submit.id)) {
    // One with a later accept_before is an entry all the same: the id is kept for longer.
    const bool keeps_longer =
        submit.accept_before_ms > replica_->machine().accept_before_ms(submit.id);
    if (!keeps_longer || time_keeper_.skewed()) {
      return done(Submitted{Outcome::kKnown, *known, ""});
    }
  }
  if (time_keeper_.skewed()) return done(Submitted{Outcome::kClockSkew, {}, ""});
  batch_.push_back(
      {std::move(submit), [this, done = std::move(done)](absl::StatusOr<const Committed*> entry) {
         if (!entry.ok()) return done(entry.status());
         done(answer_of(**entry));
       }});
}

void Node::on_committed(Committed& committed, Waiting& waiting) {
  for (Transition& transition : committed.applied.transitions) {
    parked_ += transition.to == State::kNeedsAttention ? 1 : 0;
    parked_ -= transition.from == State::kNeedsAttention ? 1 : 0;
    const Order& order = *replica_->machine().order(transition.id);
    // The state's name is an event of the order's history. Terminal and parked states got theirs
    // with the entry that made them; only Cancel carries no clock.
    if (transition.to == State::kAccepted) clocks_->tick(order);  // recv Submit
    if (transition.to == State::kAccepted || transition.to == State::kExecuting ||
        transition.to == State::kCanceled) {
      transition.clock = clocks_->tick(order);
    }
    if (orders::terminal(transition.to)) clocks_->forget(transition.id);
  }
  if (waiting.done) waiting.done(&committed);
}

absl::StatusOr<Node::Submitted> Node::answer_of(const Committed& committed) {
  const base::OrderId& id = std::get<Submit>(committed.entry.command).id;
  const auto known = replica_->machine().find(id);
  switch (committed.applied.verdict) {
    case Verdict::kApplied:
      return Submitted{Outcome::kAccepted, *known,
                       clocks_->tick(*replica_->machine().order(id))};  // send Submit reply
    case Verdict::kKnown:
      if (!known) return absl::UnavailableError("the order was finished and forgotten just now");
      return Submitted{Outcome::kKnown, *known, ""};
    case Verdict::kExpired:
      return Submitted{Outcome::kExpired, {}, ""};
    case Verdict::kQueueFull:
      return Submitted{Outcome::kQueueFull, {}, ""};
    case Verdict::kNoEffect:
    case Verdict::kIllegal:
      break;
  }
  BOOKSTORE_CHECK(false,
                  "a Submit has no such verdict: ", static_cast<int>(committed.applied.verdict));
}

void Node::send(const Send& list) {
  OutgoingCall call{list.participant, list.call, replica_->term(), {}};
  for (const base::OrderId& id : list.ids) {
    const Order& order = *replica_->machine().order(id);
    call.orders.push_back({id, order.lines, order.card_token, order.amount, clocks_->tick(order)});
  }
  participants_.call(call, [inbox = inbox_, this, list](auto reply) {
    // `this` is used only on the node's own thread, which a closed inbox never reaches again.
    inbox->post([this, list, reply = std::move(reply)] { on_reply(list, reply); });
  });
}

void Node::on_reply(const Send& list, const absl::StatusOr<std::vector<ClockedAnswer>>& reply) {
  if (!reply.ok()) {
    ++calls_failed_;
    replica_->on_unavailable(list, clock_.steady_ms());
    return;
  }
  std::vector<Answer> answers;
  for (const ClockedAnswer& clocked : *reply) {
    answers.push_back(clocked.answer);
    const Order* order = replica_->machine().order(clocked.answer.id);
    if (order != nullptr && !orders::terminal(order->state)) {
      clocks_->receive(*order, clocked.clock);
    }
  }
  replica_->on_answers(list, answers, clock_.steady_ms());
}

void Node::add_clock(Command& command) {
  const auto tick = [this](const base::OrderId& id) {
    return clocks_->tick(*replica_->machine().order(id));
  };
  if (auto* decide = std::get_if<Decide>(&command)) decide->clock = tick(decide->id);
  if (auto* finish = std::get_if<Finish>(&command)) finish->clock = tick(finish->id);
  if (auto* park = std::get_if<Park>(&command)) park->clock = tick(park->id);
}

void Node::answer_watchers(bool all) {
  const base::SteadyMs now_ms = clock_.steady_ms();
  for (auto watcher = watchers_.begin(); watcher != watchers_.end();) {
    TransitionHistory::Page page = history_->since(watcher->second.after, kWatchPage);
    if (!all && page.transitions.empty() && !page.gap && watcher->first > now_ms) {
      ++watcher;
      continue;
    }
    watcher->second.done(std::move(page));
    watcher = watchers_.erase(watcher);
  }
}

std::string Node::not_ready_reason() const {
  if (!health_.ok()) return base::describe(health_);
  if (replica_->two_phase().fenced_off()) {
    return "a participant knows a newer leader: another executor works on this database, or this "
           "log is not its newest";
  }
  if (time_keeper_.skewed()) {
    return absl::StrCat("this machine's clock is ", -time_keeper_.offset_ms().value_or(0),
                        " ms ahead of the database's");
  }
  return "";
}

void Node::publish() {
  const OrderMachine& machine = replica_->machine();
  const Wal::Counters& log = replica_->wal().counters();
  Snapshot now;
  now.leader = leading();
  now.term = replica_->term();
  now.last_index = replica_->wal().last_index();
  now.applied_index = machine.applied_index();
  now.waiting = machine.waiting();
  now.executing = machine.executing().size();
  now.parked = parked_;
  now.unretired = machine.orders().size();
  now.finished_kept = machine.finished_kept();
  now.illegal = machine.illegal();
  now.dispatched = machine.dispatched();
  now.clocks_lost = clocks_->lost();
  now.watchers = watchers_.size();
  now.log_batches = log.batches;
  now.log_entries = log.entries;
  now.log_bytes = log.bytes;
  now.log_segments = log.segments;
  now.snapshots = snapshots_;
  now.snapshots_failed = snapshots_failed_;
  now.snapshot_index = replica_->snapshot_index();
  now.snapshot_bytes = snapshot_bytes_;
  now.snapshot_encode_ms = snapshot_encode_ms_;
  now.calls_failed = calls_failed_;
  now.inventory_paused = replica_->two_phase().paused(Participant::kInventory, clock_.steady_ms());
  now.payment_paused = replica_->two_phase().paused(Participant::kPayment, clock_.steady_ms());
  now.database_offset_ms = time_keeper_.offset_ms().value_or(0);
  now.not_ready_reason = not_ready_reason();
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(now);
}

}  // namespace bookstore::order_executor
