#include "tests/scenarios/raft/cluster.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "raft/describe.h"

namespace bookstore::raft_scenarios {

raft::Node& Cluster::node(raft::NodeId id) {
  Member& member = at(id);
  BOOKSTORE_CHECK(member.node != nullptr, id, " is down");
  return *member.node;
}

void Cluster::add(const raft::Options& options, const raft::ConfState& config) {
  const raft::NodeId id = members_.size() + 1;
  Member& member = members_[id];
  member.options = options;
  member.options.id = id;
  member.storage = std::make_unique<raft::MemoryStorage>(config);
  start(member);
}

// From storage alone: the state machine starts with the snapshot.
void Cluster::start(Member& member) {
  const raft::SnapshotPtr snapshot = member.storage->snapshot();
  install(member, *snapshot);
  member.options.applied = snapshot->at.index;
  member.node = std::make_unique<raft::Node>(member.options, *member.storage, random_);
}

void Cluster::install(Member& member, const raft::Snapshot& snapshot) {
  member.applied_index = snapshot.at.index;
  member.config = snapshot.config;
  const std::string lines(snapshot.data.bytes());
  member.applied.clear();
  if (!lines.empty()) member.applied = std::vector<std::string>(absl::StrSplit(lines, '\n'));
}

void Cluster::set_log(raft::NodeId id, const std::vector<raft::Term>& terms, raft::Term term) {
  Member& member = at(id);
  member.node = nullptr;
  std::vector<raft::Entry> entries;
  for (const raft::Term one : terms) {
    entries.push_back({one, entries.size() + 1, raft::EntryKind::kNormal, raft::Payload()});
  }
  member.storage->append(entries);
  member.storage->set_hard_state({term, raft::kNobody, 0});
  start(member);
}

void Cluster::crash(raft::NodeId id, bool keep_writes) {
  Member& member = at(id);
  if (keep_writes) {
    for (const raft::Message& work : member.append_work) {
      const raft::HardState hard{work.term, work.vote, work.commit};
      write(member, hard.empty() ? std::nullopt : std::optional(hard), work.entries, work.snapshot);
    }
  }
  member.node = nullptr;
  // A term that was not durable was told to nobody.
  member.term_seen = member.storage->start().hard_state.term;
  member.append_work.clear();
  member.apply_work.clear();
  member.reads.clear();
}

void Cluster::restart(raft::NodeId id) {
  Member& member = at(id);
  BOOKSTORE_CHECK(member.node == nullptr, id, " is up");
  start(member);
  check_safety();
}

void Cluster::compact(raft::NodeId id, raft::Index index) {
  Member& member = at(id);
  const std::optional<raft::Term> term = member.storage->term(member.applied_index);
  if (!term.has_value() || member.applied_index == 0) return;
  member.storage->keep(std::make_shared<raft::Snapshot>(
      raft::Snapshot{{*term, member.applied_index},
                     member.config,
                     raft::Payload(absl::StrJoin(member.applied, "\n"))}));
  (void)member.storage->compact(std::min(index, member.applied_index));
}

void Cluster::isolate(raft::NodeId id) {
  for (const auto& [other, member] : members_) {
    if (other != id) cut(id, other);
  }
}

void Cluster::process_ready(raft::NodeId id) {
  Member& member = at(id);
  raft::Ready ready = node(id).ready();
  member.reads.insert(member.reads.end(), ready.read_states.begin(), ready.read_states.end());
  if (!member.options.asynchronous_writes) {
    write(member, ready.hard_state, ready.entries, ready.snapshot);
    send(std::move(ready.messages));
    apply(member, ready.committed_entries);
    member.node->advance();
  } else {
    std::vector<raft::Message> outgoing;
    for (raft::Message& message : ready.messages) {
      if (message.to == raft::kAppendThread) {
        member.append_work.push_back(std::move(message));
      } else if (message.to == raft::kApplyThread) {
        member.apply_work.push_back(std::move(message));
      } else {
        outgoing.push_back(std::move(message));
      }
    }
    send(std::move(outgoing));
  }
  check_safety();
}

void Cluster::write(Member& member, const std::optional<raft::HardState>& hard,
                    const std::vector<raft::Entry>& entries, const raft::SnapshotPtr& snapshot) {
  if (hard) member.storage->set_hard_state(*hard);
  if (snapshot != nullptr && member.storage->install(snapshot)) install(member, *snapshot);
  member.storage->append(entries);
}

void Cluster::apply(Member& member, const std::vector<raft::Entry>& entries) {
  for (const raft::Entry& entry : entries) {
    // A snapshot has overtaken what was waiting to be applied.
    if (entry.index <= member.applied_index) continue;
    BOOKSTORE_CHECK(entry.index == member.applied_index + 1, describe(entry), " after ",
                    member.applied_index);
    member.applied_index = entry.index;
    if (entry.is_conf_change()) {
      const auto change = raft::ConfChange::decode(entry.data.bytes());
      BOOKSTORE_CHECK(change.has_value(), describe(entry));
      member.config = member.node->apply_conf_change(*change);
    } else if (!entry.data.empty()) {
      member.applied.emplace_back(entry.data.bytes());
    }
  }
}

bool Cluster::work_append(raft::NodeId id) {
  Member& member = at(id);
  if (member.append_work.empty()) return false;
  raft::Message work = std::move(member.append_work.front());
  member.append_work.pop_front();
  const raft::HardState hard{work.term, work.vote, work.commit};
  write(member, hard.empty() ? std::nullopt : std::optional(hard), work.entries, work.snapshot);
  send(std::move(work.responses));
  check_safety();
  return true;
}

bool Cluster::work_apply(raft::NodeId id) {
  Member& member = at(id);
  if (member.apply_work.empty()) return false;
  raft::Message work = std::move(member.apply_work.front());
  member.apply_work.pop_front();
  apply(member, work.entries);
  send(std::move(work.responses));
  return true;
}

// What a node tells itself arrives at once and always: it is no network.
void Cluster::send(std::vector<raft::Message> messages) {
  for (raft::Message& message : messages) {
    const bool own = message.from == message.to || raft::is_local_thread(message.from);
    if (own) {
      if (is_up(message.to)) (void)node(message.to).step(std::move(message));
    } else {
      network_.push_back(std::move(message));
    }
  }
}

void Cluster::deliver(size_t which, bool twice) {
  raft::Message message = network_.at(which);
  if (!twice) network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(which));
  const bool lost = cut_.contains({message.from, message.to}) || !members_.contains(message.to) ||
                    !is_up(message.to);
  report(message, !lost);
  if (!lost) (void)node(message.to).step(std::move(message));
  check_safety();
}

void Cluster::report(const raft::Message& message, bool arrived) {
  if (!reports_snapshots_ || message.type != raft::MessageType::kSnapshot) return;
  if (is_up(message.from)) node(message.from).report_snapshot(message.to, arrived);
}

void Cluster::drop_in_flight() {
  for (const raft::Message& message : network_) report(message, false);
  network_.clear();
}

void Cluster::deliver_all_to(raft::NodeId id) {
  for (size_t i = 0; i < network_.size();) {
    if (network_[i].to == id) {
      deliver(i);
    } else {
      ++i;
    }
  }
}

void Cluster::run() {
  constexpr int kRoundsMax = 100'000;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool busy = false;
    for (auto& [id, member] : members_) {
      if (is_up(id) && node(id).has_ready()) process_ready(id), busy = true;
      while (is_up(id) && work_append(id)) busy = true;
      while (is_up(id) && work_apply(id)) busy = true;
    }
    while (!network_.empty()) deliver(0), busy = true;
    if (!busy) return;
  }
  BOOKSTORE_CHECK(false, "the group never becomes quiet");
}

raft::NodeId Cluster::leader() const {
  raft::NodeId leader = raft::kNobody;
  raft::Term term = 0;
  for (const auto& [id, member] : members_) {
    if (member.node == nullptr || member.node->core().role() != raft::Role::kLeader) continue;
    if (member.node->core().term() > term) leader = id, term = member.node->core().term();
  }
  return leader;
}

std::vector<raft::EntryId> Cluster::log_of(raft::NodeId id) {
  const raft::Log& log = node(id).core().log();
  std::vector<raft::Entry> entries;
  const bool readable = log.read(log.first_index(), log.last_index() + 1, raft::kNoLimit, &entries);
  BOOKSTORE_CHECK(readable, id);
  std::vector<raft::EntryId> ids;
  for (const raft::Entry& entry : entries) ids.push_back(entry.id());
  return ids;
}

// Election Safety, State Machine Safety with Leader Completeness (paper fig. 3), and what must
// not fall. Log Matching follows, since whatever is committed is compared entry by entry.
void Cluster::check_safety() {
  for (auto& [id, member] : members_) {
    if (member.node == nullptr) continue;
    const raft::Core& core = member.node->core();
    BOOKSTORE_CHECK(core.term() >= member.term_seen, id, " falls to term ", core.term());
    member.term_seen = core.term();
    if (core.role() == raft::Role::kLeader) {
      const raft::NodeId known = leaders_.emplace(core.term(), id).first->second;
      BOOKSTORE_CHECK(known == id, known, " and ", id, " lead term ", core.term());
    }
    remember_committed(member);
  }
}

void Cluster::remember_committed(const Member& member) {
  const raft::Log& log = member.node->core().log();
  const raft::Index known = committed_.empty() ? 0 : committed_.rbegin()->first;
  const raft::Index from =
      std::max(log.first_index(), log.committed() > 8 ? log.committed() - 8 : 1);
  std::vector<raft::Entry> entries;
  if (from > log.committed() || !log.read(std::min(from, std::max(known + 1, log.first_index())),
                                          log.committed() + 1, raft::kNoLimit, &entries)) {
    return;
  }
  for (const raft::Entry& entry : entries) {
    const raft::Entry& promised = committed_.emplace(entry.index, entry).first->second;
    BOOKSTORE_CHECK(promised == entry, "committed ", describe(promised), ", and on ",
                    member.options.id, " ", describe(entry));
  }
}

}  // namespace bookstore::raft_scenarios
