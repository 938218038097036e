// The commands of etcd-raft's interaction scripts, over a Group.
#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "raft/describe.h"
#include "tests/conformance/raft/comparison.h"
#include "tests/conformance/raft/group.h"
#include "tests/conformance/raft/suite.h"

namespace bookstore::raft_conformance {
namespace {

constexpr std::string_view kQuiet = "NONE";

class InteractionSuite final : public Suite {
 public:
  std::string run(const Command& command) override {
    static const std::map<std::string, void (InteractionSuite::*)(const Command&)> kCommands = {
        {"_breakpoint", &InteractionSuite::nothing},
        {"add-nodes", &InteractionSuite::add_nodes},
        {"campaign", &InteractionSuite::campaign},
        {"compact", &InteractionSuite::compact},
        {"deliver-msgs", &InteractionSuite::deliver_msgs},
        {"forget-leader", &InteractionSuite::forget_leader},
        {"log-level", &InteractionSuite::log_level},
        {"process-append-thread", &InteractionSuite::process_append_thread},
        {"process-apply-thread", &InteractionSuite::process_apply_thread},
        {"process-ready", &InteractionSuite::process_ready},
        {"propose", &InteractionSuite::propose},
        {"propose-conf-change", &InteractionSuite::propose_conf_change},
        {"raft-log", &InteractionSuite::raft_log},
        {"raft-state", &InteractionSuite::raft_state},
        {"report-unreachable", &InteractionSuite::report_unreachable},
        {"send-snapshot", &InteractionSuite::send_snapshot},
        {"set-randomized-election-timeout", &InteractionSuite::set_election_timeout},
        {"stabilize", &InteractionSuite::stabilize},
        {"status", &InteractionSuite::status},
        {"tick-election", &InteractionSuite::tick_election},
        {"tick-heartbeat", &InteractionSuite::tick_heartbeat},
        {"transfer-leadership", &InteractionSuite::transfer_leadership},
    };
    out_.clear();
    error_.clear();
    level_during_.clear();
    const auto found = kCommands.find(command.name);
    if (found == kCommands.end()) {
      error_ = "unknown command";
    } else if (!names_unknown_nodes(command)) {
      (this->*found->second)(command);
    }
    // The highest level silences everything but errors.
    const std::string& level = level_during_.empty() ? level_ : level_during_;
    if (level == kQuiet) out_.clear();
    out_ += error_;
    return out_.empty() ? "ok\n" : out_;
  }

  std::string significant(const std::string& output) const override {
    return without_log_lines(output.empty() || output.back() == '\n' ? output : output + "\n");
  }

 private:
  static constexpr size_t kNodesMax = 64;

  bool names_unknown_nodes(const Command& command) {
    if (command.name == "add-nodes" || command.name == "propose") return false;
    size_t checked = 0;
    for (const uint64_t id : command.numbers()) {
      // compact's second number is an index; messages may be dropped for nodes that are to come.
      if (command.name == "compact" && checked++ == 1) break;
      if (id == 0 || id > group_.size()) error_ = "no node " + std::to_string(id);
    }
    return !error_.empty();
  }

  raft::NodeId first(const Command& command) {
    const auto numbers = command.numbers();
    if (numbers.empty() || numbers.front() == 0 || numbers.front() > group_.size()) {
      error_ = command.name + " needs a node";
      return raft::kNobody;
    }
    return numbers.front();
  }

  raft::Node* first_node(const Command& command) {
    const raft::NodeId id = first(command);
    return id == raft::kNobody ? nullptr : group_.member(id).node.get();
  }

  std::vector<raft::NodeId> named_or_all(const Command& command) {
    std::vector<raft::NodeId> ids = command.numbers();
    for (raft::NodeId id = 1; command.numbers().empty() && id <= group_.size(); ++id) {
      ids.push_back(id);
    }
    return ids;
  }

  void report(raft::StepResult result) {
    // A refused change is logged there, and an empty entry takes its place.
    if (result != raft::StepResult::kOk && result != raft::StepResult::kConfChangeRefused) {
      error_ = name_of(result);
    }
  }

  void nothing(const Command&) {}

  void add_nodes(const Command& command) {
    raft::Options options{.election_ticks = 3,
                          .heartbeat_ticks = 1,
                          .max_append_bytes = raft::kNoLimit,
                          .max_uncommitted_bytes = 0,
                          .max_inflight_messages = INT32_MAX,
                          .check_quorum = false,
                          .pre_vote = false,
                          .step_down_on_removal = false};
    raft::Snapshot snapshot;
    for (const Argument& argument : command.arguments) {
      for (const std::string& value : argument.values) {
        set_option(argument.key, value, &options, &snapshot);
      }
    }
    const auto numbers = command.numbers();
    const bool bootstrap = snapshot.at.index > 0 || !snapshot.config.voters.empty() ||
                           !snapshot.config.learners.empty() || !snapshot.data.empty();
    if (numbers.size() != 1 || group_.size() + numbers.front() > kNodesMax) {
      error_ = "add-nodes needs a small number";
    } else if (bootstrap && snapshot.at.index <= 1) {
      error_ = "index must be specified as > 1 due to bootstrap";
    }
    options.id = 1;  // each gets its own
    if (error_.empty()) error_ = options.problem();
    if (!error_.empty()) return;
    if (bootstrap) snapshot.at.term = 1;
    group_.add(numbers.front(), options, snapshot);
  }

  void set_option(const std::string& key, const std::string& value, raft::Options* options,
                  raft::Snapshot* snapshot) {
    const uint64_t number = to_number(value).value_or(0);
    const bool yes = value == "true";
    if (key == "voters") {
      snapshot->config.voters.push_back(number);
    } else if (key == "learners") {
      snapshot->config.learners.push_back(number);
    } else if (key == "index") {
      snapshot->at.index = options->applied = number;
    } else if (key == "content") {
      snapshot->data = raft::Payload(value);
    } else if (key == "inflight") {
      options->max_inflight_messages = number;
    } else if (key == "async-storage-writes") {
      options->asynchronous_writes = yes;
    } else if (key == "prevote") {
      options->pre_vote = yes;
    } else if (key == "checkquorum") {
      options->check_quorum = yes;
    } else if (key == "max-committed-size-per-ready") {
      options->max_committed_bytes = number;
    } else if (key == "disable-conf-change-validation") {
      options->disable_conf_change_validation = yes;
    } else if (key == "step-down-on-removal") {
      options->step_down_on_removal = yes;
    } else if (key == "read-only" && (value == "safe" || value == "lease-based")) {
      options->read_mode = value == "safe" ? raft::ReadMode::kQuorum : raft::ReadMode::kLease;
    } else {
      error_ = "invalid option " + key + "=" + value;
    }
  }

  void campaign(const Command& command) {
    if (raft::Node* node = first_node(command)) node->campaign();
  }

  void compact(const Command& command) {
    const auto numbers = command.numbers();
    if (numbers.size() != 2) {
      error_ = "compact needs a node and an index";
      return;
    }
    if (!group_.member(numbers[0]).storage->compact(numbers[1])) {
      error_ = "requested index is unavailable due to compaction";
      return;
    }
    show_log(numbers[0]);
  }

  void deliver_msgs(const Command& command) {
    const std::string type = command.value("type").value_or("");
    size_t delivered = 0;
    for (const Argument& argument : command.arguments) {
      if (argument.values.empty()) {
        delivered += group_.deliver(to_number(argument.key).value_or(0), false, type);
      }
      if (argument.key != "drop") continue;
      for (const std::string& value : argument.values) {
        delivered += group_.deliver(to_number(value).value_or(0), true, type);
      }
    }
    if (delivered == 0) out_ += "no messages\n";
  }

  void forget_leader(const Command& command) {
    if (raft::Node* node = first_node(command)) node->forget_leader();
  }

  static std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
  }

  void log_level(const Command& command) {
    if (command.arguments.size() == 1) level_ = upper(command.arguments.front().key);
  }

  // One node is shown alone, several each under its name.
  void each_named(const Command& command, const char* title,
                  void (Group::*process)(raft::NodeId id)) {
    const std::vector<raft::NodeId> ids = command.numbers();
    for (const raft::NodeId id : ids) {
      if (ids.size() > 1) {
        group_.section(id, title, [&] { (group_.*process)(id); });
      } else {
        (group_.*process)(id);
      }
    }
  }

  void process_append_thread(const Command& command) {
    each_named(command, "processing append thread", &Group::process_append_thread);
  }

  void process_apply_thread(const Command& command) {
    each_named(command, "processing apply thread", &Group::process_apply_thread);
  }

  void process_ready(const Command& command) {
    each_named(command, "handling Ready", &Group::process_ready);
  }

  void propose(const Command& command) {
    raft::Node* node = first_node(command);
    if (node == nullptr) return;
    if (command.arguments.size() != 2) {
      error_ = "propose needs a node and a payload";
      return;
    }
    report(node->propose(command.arguments[1].key));
  }

  void propose_conf_change(const Command& command) {
    raft::Node* node = first_node(command);
    const auto changes = raft::parse_changes(command.input);
    if (node == nullptr) return;
    if (!changes.has_value()) {
      error_ = "unknown change in " + command.input;
      return;
    }
    raft::ConfChange change{raft::Transition::kAuto, *changes, ""};
    const std::string transition = command.value("transition").value_or("auto");
    if (transition == "implicit") change.transition = raft::Transition::kImplicit;
    if (transition == "explicit") change.transition = raft::Transition::kExplicit;
    const bool v1 = command.flag("v1");
    if (v1 && (changes->size() != 1 || transition != "auto")) {
      error_ = "v1 conf change can only have one operation and no transition";
      return;
    }
    report(node->propose_conf_change(
        change, v1 ? raft::EntryKind::kConfChange : raft::EntryKind::kConfChangeV2));
  }

  void raft_log(const Command& command) {
    if (const raft::NodeId id = first(command)) show_log(id);
  }

  void show_log(raft::NodeId id) {
    const ScriptStorage& storage = *group_.member(id).storage;
    const raft::Index from = storage.first_index();
    const raft::Index last = storage.last_index();
    if (last < from) {
      out_ += "log is empty: first index=" + std::to_string(from) +
              ", last index=" + std::to_string(last) + "\n";
      return;
    }
    std::vector<raft::Entry> entries;
    if (storage.read(from, last + 1, raft::kNoLimit, &entries)) out_ += describe_entries(entries);
  }

  void raft_state(const Command&) {
    for (raft::NodeId id = 1; id <= group_.size(); ++id) {
      const raft::Core& core = group_.member(id).node->core();
      const bool voter = core.tracker().config().voters.contains(id);
      out_ += std::to_string(id) + ": " + name_of(core.role()) +
              (voter ? " (Voter)" : " (Non-Voter)") + " Term:" + std::to_string(core.term()) +
              " Lead:" + std::to_string(core.lead()) + "\n";
    }
  }

  void report_unreachable(const Command& command) {
    const auto numbers = command.numbers();
    if (numbers.size() != 2) {
      error_ = "report-unreachable needs two nodes";
      return;
    }
    group_.member(numbers[0]).node->report_unreachable(numbers[1]);
  }

  void send_snapshot(const Command& command) {
    const auto numbers = command.numbers();
    if (numbers.size() != 2) {
      error_ = "send-snapshot needs two nodes";
      return;
    }
    const Member& from = group_.member(numbers[0]);
    const raft::Message message{.type = raft::MessageType::kSnapshot,
                                .from = numbers[0],
                                .to = numbers[1],
                                .term = from.node->core().term(),
                                .snapshot = from.node->core().log().snapshot()};
    out_ += describe(message) + "\n";
    group_.send(message);
  }

  void set_election_timeout(const Command& command) {
    const auto timeout = to_number(command.value("timeout").value_or(""));
    raft::Node* node = first_node(command);
    if (node == nullptr) return;
    if (!timeout.has_value() || *timeout == 0) {
      error_ = "set-randomized-election-timeout needs timeout=TICKS";
      return;
    }
    node->set_election_timeout(static_cast<int>(*timeout));
  }

  void stabilize(const Command& command) {
    if (const auto level = command.value("log-level")) level_during_ = upper(*level);
    if (!group_.stabilize(named_or_all(command))) error_ = "never becomes quiet";
  }

  void status(const Command& command) {
    const raft::Node* node = first_node(command);
    if (node == nullptr || node->core().role() != raft::Role::kLeader) return;
    out_ += raft::to_string(node->core().tracker().progress());
  }

  void tick(const Command& command, bool election) {
    raft::Node* node = first_node(command);
    if (node == nullptr) return;
    const raft::Options& options = node->core().options();
    const int ticks = election ? options.election_ticks : options.heartbeat_ticks;
    for (int i = 0; i < ticks; ++i) node->tick();
  }
  void tick_election(const Command& command) { tick(command, true); }
  void tick_heartbeat(const Command& command) { tick(command, false); }

  void transfer_leadership(const Command& command) {
    const auto from = to_number(command.value("from").value_or(""));
    const auto to = to_number(command.value("to").value_or(""));
    if (!from || !to || *from == 0 || *from > group_.size()) {
      error_ = "transfer-leadership needs from=NODE to=NODE";
      return;
    }
    group_.member(*from).node->transfer_leadership(*to);
  }

  std::string out_;
  std::string error_;
  std::string level_ = "DEBUG";
  std::string level_during_;  // of this command only
  Group group_{&out_};
};

}  // namespace

std::unique_ptr<Suite> make_interaction_suite() {
  return std::make_unique<InteractionSuite>();
}

}  // namespace bookstore::raft_conformance
