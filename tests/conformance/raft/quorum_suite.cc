#include <algorithm>
#include <map>

#include "raft/joint.h"
#include "tests/conformance/raft/comparison.h"
#include "tests/conformance/raft/suite.h"

namespace bookstore::raft_conformance {
namespace {

std::vector<raft::NodeId> ids_of(const Argument* argument) {
  std::vector<raft::NodeId> ids;
  if (argument == nullptr || argument->values == std::vector<std::string>{"zero"}) return ids;
  for (const std::string& value : argument->values) ids.push_back(to_number(value).value_or(0));
  return ids;
}

// The values of `key` go to the ids of cfg, then to those of cfgj that cfg has not.
std::map<raft::NodeId, std::string> answers_of(const Command& command, std::string_view key) {
  std::vector<raft::NodeId> ids = ids_of(command.find("cfg"));
  for (const raft::NodeId id : ids_of(command.find("cfgj"))) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  std::map<raft::NodeId, std::string> answers;
  const Argument* values = command.find(key);
  for (size_t i = 0; values != nullptr && i < std::min(ids.size(), values->values.size()); ++i) {
    if (values->values[i] != "_") answers[ids[i]] = values->values[i];
  }
  return answers;
}

class QuorumSuite final : public Suite {
 public:
  std::string run(const Command& command) override {
    const raft::JointVoters joint{raft::NodeSet(ids_of(command.find("cfg"))),
                                  raft::NodeSet(ids_of(command.find("cfgj")))};
    // Without cfgj the plain majority is asked, so that both are judged.
    const bool plain = command.find("cfgj") == nullptr;
    if (command.name == "committed") {
      const auto answers = answers_of(command, "idx");
      const auto acked = [&](raft::NodeId id) -> std::optional<raft::Index> {
        const auto found = answers.find(id);
        return found == answers.end() ? std::nullopt : to_number(found->second);
      };
      const raft::Index index = plain ? raft::committed_index(joint.incoming, acked)
                                      : raft::committed_index(joint, acked);
      return index == raft::kEveryIndex ? "∞" : std::to_string(index);
    }
    if (command.name == "vote") {
      const auto answers = answers_of(command, "votes");
      const auto vote = [&](raft::NodeId id) -> std::optional<bool> {
        const auto found = answers.find(id);
        return found == answers.end() ? std::nullopt : std::optional(found->second == "y");
      };
      return to_string(plain ? raft::vote_result(joint.incoming, vote)
                             : raft::vote_result(joint, vote));
    }
    return "unknown command";
  }

  // The last line is the verdict; the bars above it are a drawing of the question.
  std::string significant(const std::string& output) const override {
    std::string line = last_line(output);
    constexpr std::string_view kEmpty = "<empty majority quorum>";
    if (line.starts_with(kEmpty)) line.erase(0, kEmpty.size());
    return line;
  }
};

}  // namespace

std::unique_ptr<Suite> make_quorum_suite() {
  return std::make_unique<QuorumSuite>();
}

}  // namespace bookstore::raft_conformance
