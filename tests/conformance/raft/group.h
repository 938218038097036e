#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "raft/memory_storage.h"
#include "raft/node.h"

namespace bookstore::raft_conformance {

// Storage whose snapshot is always the newest state of its node.
class ScriptStorage final : public raft::MemoryStorage {
 public:
  raft::SnapshotPtr snapshot() const override { return newest; }
  raft::SnapshotPtr newest = std::make_shared<raft::Snapshot>();
};

// A node with its storage, its state machine (which appends what it applies) and the work of its
// storage threads.
struct Member {
  std::unique_ptr<ScriptStorage> storage;
  std::unique_ptr<raft::Node> node;
  std::deque<raft::Message> append_work;
  std::deque<raft::Message> apply_work;
};

// Some nodes and the messages between them; nothing happens unless it is called for. What happens
// is told to `out`, in the words of etcd-raft's scripts.
class Group {
 public:
  explicit Group(std::string* out) : out_(out) {}

  size_t size() const { return members_.size(); }
  Member& member(raft::NodeId id) { return *members_.at(id - 1); }
  // Adds `count` members with the next ids. A snapshot with an index starts them there.
  void add(size_t count, raft::Options options, const raft::Snapshot& snapshot);

  void process_ready(raft::NodeId id);
  void process_append_thread(raft::NodeId id);
  void process_apply_thread(raft::NodeId id);
  // Delivers what is for `to`, or drops it (then never what is local); of one type where it is
  // given. How many messages.
  size_t deliver(raft::NodeId to, bool drop, const std::string& type);
  bool has_messages(raft::NodeId to) const;
  // Until none of `ids` has anything to do. False when it never ends.
  bool stabilize(const std::vector<raft::NodeId>& ids);
  // Runs `what` with its lines indented under "> id title".
  void section(raft::NodeId id, const std::string& title, const std::function<void()>& what);
  void send(raft::Message message) { network_.push_back(std::move(message)); }

 private:
  void write(Member& member, const std::optional<raft::HardState>& hard,
             const std::vector<raft::Entry>& entries, const raft::SnapshotPtr& snapshot);
  void apply(Member& member, const std::vector<raft::Entry>& entries);
  std::vector<raft::Message> take(raft::NodeId to, bool drop, const std::string& type);

  std::string* out_;
  base::SeededRandom random_{1};
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<raft::Message> network_;
};

}  // namespace bookstore::raft_conformance
