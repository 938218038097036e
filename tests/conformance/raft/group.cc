#include "tests/conformance/raft/group.h"

#include <algorithm>
#include <sstream>

#include "base/check.h"
#include "raft/describe.h"

namespace bookstore::raft_conformance {
namespace {

bool is_local(const raft::Message& message) {
  return message.from == message.to || raft::is_local_thread(message.from) ||
         raft::is_local_thread(message.to);
}

}  // namespace

void Group::add(size_t count, raft::Options options, const raft::Snapshot& snapshot) {
  for (size_t i = 0; i < count; ++i) {
    auto added = std::make_unique<Member>();
    options.id = members_.size() + 1;
    added->storage = std::make_unique<ScriptStorage>();
    if (snapshot.at.index > 0) {
      added->storage->newest = std::make_shared<raft::Snapshot>(snapshot);
      const bool fresh = added->storage->install(added->storage->newest);
      BOOKSTORE_CHECK(fresh, "a new storage with a snapshot");
    }
    added->node = std::make_unique<raft::Node>(options, *added->storage, random_);
    members_.push_back(std::move(added));
  }
}

void Group::process_ready(raft::NodeId id) {
  Member& at = member(id);
  const bool asynchronous = at.node->core().options().asynchronous_writes;
  raft::Ready ready = at.node->ready();
  *out_ += describe(ready);
  if (out_->empty() || out_->back() != '\n') *out_ += "\n";
  if (!asynchronous) {
    write(at, ready.hard_state, ready.entries, ready.snapshot);
    apply(at, ready.committed_entries);
  }
  for (raft::Message& message : ready.messages) {
    if (message.to == raft::kAppendThread) {
      at.append_work.push_back(std::move(message));
    } else if (message.to == raft::kApplyThread) {
      at.apply_work.push_back(std::move(message));
    } else {
      network_.push_back(std::move(message));
    }
  }
  if (!asynchronous) at.node->advance();
}

void Group::write(Member& member, const std::optional<raft::HardState>& hard,
                  const std::vector<raft::Entry>& entries, const raft::SnapshotPtr& snapshot) {
  if (hard) member.storage->set_hard_state(*hard);
  if (snapshot == nullptr) {
    member.storage->append(entries);
    return;
  }
  if (!entries.empty()) *out_ += "can't apply snapshot and entries at the same time\n";
  if (member.storage->install(snapshot)) {
    member.storage->newest = snapshot;
  } else {
    *out_ += "requested index is older than the existing snapshot\n";
  }
}

void Group::apply(Member& member, const std::vector<raft::Entry>& entries) {
  for (const raft::Entry& entry : entries) {
    raft::Snapshot next = *member.storage->newest;
    next.at = entry.id();
    std::string_view update = entry.data.bytes();
    std::optional<raft::ConfChange> change;
    if (entry.is_conf_change()) {
      change = raft::ConfChange::decode(entry.data.bytes());
      BOOKSTORE_CHECK(change.has_value(), describe(entry));
      next.config = member.node->apply_conf_change(*change);
      update = change->context;
    }
    next.data = raft::Payload(std::string(next.data.bytes()).append(update));
    member.storage->newest = std::make_shared<raft::Snapshot>(std::move(next));
  }
}

void Group::process_append_thread(raft::NodeId id) {
  Member& at = member(id);
  if (at.append_work.empty()) {
    *out_ += "no append work to perform\n";
    return;
  }
  raft::Message work = std::move(at.append_work.front());
  at.append_work.pop_front();
  const std::vector<raft::Message> responses = std::exchange(work.responses, {});
  *out_ += "Processing:\n" + describe(work) + "\n";
  const raft::HardState hard{work.term, work.vote, work.commit};
  write(at, hard.empty() ? std::nullopt : std::optional(hard), work.entries, work.snapshot);
  *out_ += "Responses:\n";
  for (const raft::Message& response : responses) {
    *out_ += describe(response) + "\n";
    network_.push_back(response);
  }
}

void Group::process_apply_thread(raft::NodeId id) {
  Member& at = member(id);
  if (at.apply_work.empty()) {
    *out_ += "no apply work to perform\n";
    return;
  }
  raft::Message work = std::move(at.apply_work.front());
  at.apply_work.pop_front();
  const std::vector<raft::Message> responses = std::exchange(work.responses, {});
  *out_ += "Processing:\n" + describe(work) + "\n";
  apply(at, work.entries);
  *out_ += "Responses:\n";
  for (const raft::Message& response : responses) {
    *out_ += describe(response) + "\n";
    network_.push_back(response);
  }
}

bool Group::has_messages(raft::NodeId to) const {
  return std::any_of(network_.begin(), network_.end(),
                     [to](const raft::Message& message) { return message.to == to; });
}

std::vector<raft::Message> Group::take(raft::NodeId to, bool drop, const std::string& type) {
  std::vector<raft::Message> taken;
  std::vector<raft::Message> left;
  for (raft::Message& message : network_) {
    const bool wanted = message.to == to && !(drop && is_local(message)) &&
                        (type.empty() || type == name_of(message.type));
    (wanted ? taken : left).push_back(std::move(message));
  }
  network_ = std::move(left);
  return taken;
}

size_t Group::deliver(raft::NodeId to, bool drop, const std::string& type) {
  std::vector<raft::Message> messages = take(to, drop, type);
  for (raft::Message& message : messages) {
    *out_ += (drop ? "dropped: " : "") + describe(message) + "\n";
    if (drop) continue;
    const raft::StepResult result = member(to).node->step(std::move(message));
    if (result != raft::StepResult::kOk && result != raft::StepResult::kConfChangeRefused) {
      *out_ += std::string(name_of(result)) + "\n";
    }
  }
  return messages.size();
}

void Group::section(raft::NodeId id, const std::string& title, const std::function<void()>& what) {
  std::string inner;
  std::string* const outer = std::exchange(out_, &inner);
  what();
  out_ = outer;
  *out_ += "> " + std::to_string(id) + " " + title + "\n";
  std::istringstream lines(inner);
  for (std::string line; std::getline(lines, line);) *out_ += "  " + line + "\n";
}

bool Group::stabilize(const std::vector<raft::NodeId>& ids) {
  constexpr int kRoundsMax = 10'000;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool done = true;
    const auto each = [&](auto has_work, const char* title, auto work) {
      for (const raft::NodeId id : ids) {
        if (!has_work(id)) continue;
        section(id, title, [&] { work(id); });
        done = false;
      }
    };
    each([&](raft::NodeId id) { return member(id).node->has_ready(); }, "handling Ready",
         [&](raft::NodeId id) { process_ready(id); });
    each([&](raft::NodeId id) { return has_messages(id); }, "receiving messages",
         [&](raft::NodeId id) { deliver(id, false, ""); });
    each([&](raft::NodeId id) { return !member(id).append_work.empty(); },
         "processing append thread",
         [&](raft::NodeId id) {
           while (!member(id).append_work.empty()) process_append_thread(id);
         });
    each([&](raft::NodeId id) { return !member(id).apply_work.empty(); }, "processing apply thread",
         [&](raft::NodeId id) {
           while (!member(id).apply_work.empty()) process_apply_thread(id);
         });
    if (done) return true;
  }
  return false;
}

}  // namespace bookstore::raft_conformance
