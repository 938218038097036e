#include "raft/changer.h"
#include "tests/conformance/raft/comparison.h"
#include "tests/conformance/raft/suite.h"

namespace bookstore::raft_conformance {
namespace {

class ConfchangeSuite final : public Suite {
 public:
  std::string run(const Command& command) override {
    const raft::Changer changer(tracker_, last_index_++);
    const auto changes = raft::parse_changes(command.input);
    if (!changes.has_value()) return "unknown token in " + command.input;
    if (command.name == "simple") return take(changer.simple(*changes));
    if (command.name == "enter-joint") {
      return take(changer.enter_joint(command.flag("autoleave"), *changes));
    }
    if (command.name == "leave-joint") {
      return changes->empty() ? take(changer.leave_joint()) : "this command takes no input\n";
    }
    return "unknown command";
  }

  std::string significant(const std::string& output) const override {
    return without_log_lines(output);
  }

 private:
  std::string take(raft::ChangeResult result) {
    if (const auto* refused = std::get_if<std::string>(&result)) return *refused + "\n";
    auto& to = std::get<raft::ChangedConfiguration>(result);
    tracker_.install(std::move(to.config), std::move(to.progress));
    return tracker_.config().to_string() + "\n" + raft::to_string(tracker_.progress());
  }

  raft::Tracker tracker_{raft::Inflights(10, 0)};
  raft::Index last_index_ = 0;  // each command sees one more entry
};

}  // namespace

std::unique_ptr<Suite> make_confchange_suite() {
  return std::make_unique<ConfchangeSuite>();
}

}  // namespace bookstore::raft_conformance
