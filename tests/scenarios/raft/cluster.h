#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "raft/memory_storage.h"
#include "raft/node.h"

namespace bookstore::raft_scenarios {

// A group in memory: nodes with durable storage, a volatile state machine that lists what it
// applied, and a network whose links can be cut. Nothing happens unless it is called for; the same
// calls give the same history. After each of them the safety of the whole group is CHECKed.
class Cluster {
 public:
  struct Member {
    raft::Options options;
    std::unique_ptr<raft::MemoryStorage> storage;
    std::unique_ptr<raft::Node> node;  // null while it is down
    std::deque<raft::Message> append_work;
    std::deque<raft::Message> apply_work;
    std::vector<std::string> applied;
    raft::Index applied_index = 0;
    raft::ConfState config;
    std::vector<raft::ReadState> reads;
    raft::Term term_seen = 0;
  };

  explicit Cluster(uint64_t seed) : random_(seed) {}

  size_t size() const { return members_.size(); }
  Member& at(raft::NodeId id) { return members_.at(id); }
  raft::Node& node(raft::NodeId id);
  bool is_up(raft::NodeId id) const { return members_.at(id).node != nullptr; }

  // The next id; with an empty configuration it is told its group by a leader.
  void add(const raft::Options& options, const raft::ConfState& config);
  // Replaces the node's log with empty-named entries of these terms; its own term is `term`.
  void set_log(raft::NodeId id, const std::vector<raft::Term>& terms, raft::Term term);
  // Loses everything that is not durable. `keep_writes`: what was handed to storage became durable.
  void crash(raft::NodeId id, bool keep_writes = false);
  void restart(raft::NodeId id);
  // Snapshots what is applied and forgets the log up to `index`.
  void compact(raft::NodeId id, raft::Index index);

  void cut(raft::NodeId a, raft::NodeId b) { cut_.insert({a, b}), cut_.insert({b, a}); }
  void cut_one_way(raft::NodeId from, raft::NodeId to) { cut_.insert({from, to}); }
  void isolate(raft::NodeId id);
  void heal() { cut_.clear(); }
  void drop_in_flight();
  // What became of a snapshot is told to its sender, as a transport must.
  void report_snapshots() { reports_snapshots_ = true; }
  size_t in_flight() const { return network_.size(); }

  // One Ready of a node: written and applied, or queued where its writes are asynchronous.
  void process_ready(raft::NodeId id);
  bool work_append(raft::NodeId id);
  bool work_apply(raft::NodeId id);
  // Delivers message `which` of those in flight (and keeps it there, to come again, if `twice`).
  void deliver(size_t which, bool twice = false);
  void deliver_all_to(raft::NodeId id);
  // Until nobody has anything to do.
  void run();

  // The leader of the highest term; 0 for none.
  raft::NodeId leader() const;
  std::vector<raft::EntryId> log_of(raft::NodeId id);
  void check_safety();

 private:
  void start(Member& member);
  void write(Member& member, const std::optional<raft::HardState>& hard,
             const std::vector<raft::Entry>& entries, const raft::SnapshotPtr& snapshot);
  void apply(Member& member, const std::vector<raft::Entry>& entries);
  void install(Member& member, const raft::Snapshot& snapshot);
  void send(std::vector<raft::Message> messages);
  void report(const raft::Message& message, bool arrived);
  void remember_committed(const Member& member);

  base::SeededRandom random_;
  bool reports_snapshots_ = false;
  std::map<raft::NodeId, Member> members_;
  std::vector<raft::Message> network_;
  std::set<std::pair<raft::NodeId, raft::NodeId>> cut_;
  // What the group has promised: leaders by term, entries that somebody knew to be committed.
  std::map<raft::Term, raft::NodeId> leaders_;
  std::map<raft::Index, raft::Entry> committed_;
};

}  // namespace bookstore::raft_scenarios
