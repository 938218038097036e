#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "order_executor/admin.h"
#include "order_executor/inbox.h"
#include "order_executor/order_clocks.h"
#include "order_executor/participants.h"
#include "order_executor/replica.h"
#include "order_executor/time_keeper.h"
#include "order_executor/transition_history.h"

namespace bookstore::order_executor {

// One member of the executor. A single thread owns the replica: it takes what the inbox holds,
// makes it one batch of entries with one sync, applies it, answers those who wait, and carries out
// the coordinator's duties. Everything public may be called from any thread; callbacks run on the
// node's thread and must not block.
class Node {
 public:
  // A snapshot of the machine, or what went wrong with one.
  struct SnapshotReport {
    uint64_t index = 0;
    size_t bytes = 0, orders = 0, finished_kept = 0;
    size_t segments_removed = 0;
    base::DurationMs encode_ms = 0;  // the node's thread did nothing else meanwhile
    base::DurationMs write_ms = 0;   // on a thread of its own
    absl::Status status;
  };

  struct Config {
    Replica::Config replica;
    // Told of each snapshot on the node's thread; may be null.
    std::function<void(const SnapshotReport&)> on_snapshot;
    // Submissions that wait for the disk; beyond, they are refused before anything is proposed.
    size_t inbox_max = 4'096;
    size_t history_max = 50'000;  // transitions kept for watchers
    size_t watchers_max = 1'000;
    base::DurationMs watch_max_ms = 30'000;
  };

  enum class Outcome { kAccepted, kKnown, kNotLeader, kQueueFull, kExpired, kClockSkew };
  struct Submitted {
    Outcome outcome = Outcome::kNotLeader;
    Known known;        // kAccepted, kKnown
    std::string clock;  // after the reply's send event; kAccepted only
  };
  struct AdminAnswer {
    enum class Outcome { kDone, kRefused, kUnknownOrder, kNotLeader };
    Outcome outcome = Outcome::kNotLeader;
    Refusal refusal;  // unless done
    Known known;      // kDone, kRefused: as the order is now
  };
  // An error status: nobody knows whether it was done.
  using AdminDone = std::function<void(absl::StatusOr<AdminAnswer>)>;
  // Projects what the log did; see projector.h. Called on the node's thread.
  using OnTransitions = std::function<void(const std::vector<Transition>&)>;
  // The log can take no more entries: the process must restart.
  using OnFatal = std::function<void(const std::string& reason)>;

  struct Snapshot {
    bool leader = false;
    uint64_t term = 0, last_index = 0, applied_index = 0;
    uint64_t waiting = 0, executing = 0, parked = 0, unretired = 0, finished_kept = 0;
    uint64_t illegal = 0, dispatched = 0, clocks_lost = 0, watchers = 0;
    uint64_t log_batches = 0, log_entries = 0, log_bytes = 0, log_segments = 0;
    uint64_t snapshots = 0, snapshots_failed = 0, snapshot_index = 0, snapshot_bytes = 0;
    base::DurationMs snapshot_encode_ms = 0;  // of the last one
    uint64_t calls_failed = 0;                // to participants
    bool inventory_paused = false, payment_paused = false;
    base::DurationMs database_offset_ms = 0;
    std::string not_ready_reason;  // empty: would accept a Submit
  };

  // `participants` outlives the node; `disk` is the node's alone.
  Node(Config config, std::unique_ptr<Disk> disk, Participants& participants,
       const base::Clock& clock);
  // stop()
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Reads the log, becomes leader of a new term, starts the thread. First every order that is not
  // retired is given to `on_transitions`, as it is now. `notes` gets what recovery has to say.
  absl::Status start(OnTransitions on_transitions, OnFatal on_fatal,
                     std::vector<std::string>& notes);
  // Finishes and answers what was asked before; later calls are refused. Idempotent.
  void stop();

  // An error status: the log failed, nobody knows whether the order is in it.
  void submit(Submit submit, std::function<void(absl::StatusOr<Submitted>)> done);
  // Empty: unknown to the machine. UNAVAILABLE when the node is stopping or overloaded.
  void find(base::OrderId id, std::function<void(absl::StatusOr<std::optional<Known>>)> done);
  // Answers as soon as there is something after `after` (0: from now on), or after max_wait_ms.
  void watch(uint64_t after, base::DurationMs max_wait_ms,
             std::function<void(absl::StatusOr<TransitionHistory::Page>)> done);
  // What an operator asks (admin.h); done once the entry is durable and applied.
  void retry(base::OrderId id, AdminDone done);
  void abort(base::OrderId id, AdminDone done);
  // Empty: unknown to the machine.
  void describe(base::OrderId id,
                std::function<void(absl::StatusOr<std::optional<OrderDetail>>)> done);
  // The terminal rows of these orders are durable.
  void projected(std::vector<RetiredOrder> orders);
  // The database's clock said `database_ms` when ours said `wall_ms`.
  void database_time(base::WallMs database_ms, base::WallMs wall_ms);

  Snapshot snapshot() const;

 private:
  struct Waiting {  // a proposal and who waits for it
    Command command;
    // Null for our own. The entry is valid during the call.
    std::function<void(absl::StatusOr<const Committed*>)> done;
  };
  struct Watcher {
    uint64_t after;
    std::function<void(absl::StatusOr<TransitionHistory::Page>)> done;
  };

  void run();
  void turn();
  base::DurationMs wait_ms() const;
  void take_duties();
  void commit_batch();
  void fail(const absl::Status& status);
  void on_submit(Submit submit, std::function<void(absl::StatusOr<Submitted>)> done);
  void on_committed(Committed& committed, Waiting& waiting);
  using Planner = Plan (*)(const OrderMachine&, const base::OrderId&);
  void ask_admin(Planner plan, base::OrderId id, AdminDone done);
  void on_admin(Planner plan, base::OrderId id, AdminDone done);
  AdminAnswer refuse(const base::OrderId& id, const Refusal& refusal) const;
  absl::StatusOr<Submitted> answer_of(const Committed& committed);
  void on_reply(const Send& send, const absl::StatusOr<std::vector<ClockedAnswer>>& reply);
  void send(const Send& send);
  void add_clock(Command& command);
  // `all`: also those with nothing to hear yet.
  void answer_watchers(bool all);
  bool waits_for_time() const;
  void keep_time();
  void take_snapshot();
  void on_snapshot(const Replica::SnapshotWork& work, SnapshotReport report,
                   const Replica::SnapshotResult& result);
  void publish();
  bool leading() const { return health_.ok() && !replica_->two_phase().fenced_off(); }
  std::string not_ready_reason() const;

  const Config config_;
  const std::unique_ptr<Disk> disk_;
  Participants& participants_;
  const base::Clock& clock_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  OnTransitions on_transitions_;
  OnFatal on_fatal_;
  std::thread thread_;
  std::thread snapshot_writer_;  // started and joined by the node's thread, at last by stop()

  // Owned by the node's thread once it runs.
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<OrderClocks> clocks_;
  std::unique_ptr<TransitionHistory> history_;
  TimeKeeper time_keeper_;
  std::vector<Waiting> batch_;                       // of the next commit
  std::multimap<base::SteadyMs, Watcher> watchers_;  // by deadline
  base::SteadyMs wake_at_ms_ = 0;                    // of the coordinator
  base::SteadyMs time_due_ms_ = 0;                   // of the next Time entry
  uint64_t calls_failed_ = 0;
  uint64_t snapshots_ = 0, snapshots_failed_ = 0, snapshot_bytes_ = 0;
  base::DurationMs snapshot_encode_ms_ = 0;
  uint64_t parked_ = 0;
  absl::Status health_;

  mutable std::mutex snapshot_mutex_;  // guards snapshot_
  Snapshot snapshot_;
};

}  // namespace bookstore::order_executor
