// Random faults against the group: the scenarios tell what should happen, this looks for what
// nobody thought of. A failing seed is in the message.
#include "base/random.h"
#include "gtest/gtest.h"
#include "tests/scenarios/raft/cluster.h"

namespace bookstore::raft_scenarios {
namespace {

constexpr size_t kNodes = 5;

class Torture {
 public:
  explicit Torture(uint64_t seed) : random_(seed), cluster_(seed) {
    raft::Options options{.election_ticks = 10,
                          .heartbeat_ticks = 1,
                          .asynchronous_writes = chance(2),
                          .max_append_bytes = chance(2) ? 64u : 1u << 20,
                          .max_inflight_messages = 1 + random_.below(8),
                          .check_quorum = chance(2),
                          .pre_vote = chance(2)};
    // With neither, a node that was removed and does not know it may depose leaders for ever.
    can_recover_ = options.check_quorum || options.pre_vote;
    cluster_.report_snapshots();
    for (size_t i = 0; i < kNodes; ++i) cluster_.add(options, {{1, 2, 3}, {}, {}, {}, false});
  }

  // Safety is CHECKed by the cluster after each of these.
  void suffer(int steps) {
    for (int i = 0; i < steps; ++i) one_fault_or_step();
  }

  // Without faults a group elects a leader and everybody it has catches up.
  void recover() {
    if (!can_recover_) return;
    cluster_.heal();
    for (raft::NodeId id = 1; id <= kNodes; ++id) {
      if (!cluster_.is_up(id)) cluster_.restart(id);
    }
    raft::NodeId leader = raft::kNobody;
    for (int i = 0; i < 500; ++i) {
      for (raft::NodeId id = 1; id <= kNodes; ++id) cluster_.node(id).tick();
      cluster_.run();
      leader = cluster_.leader();
      if (i < 300 || leader == raft::kNobody) continue;
      if (!proposed_ && cluster_.node(leader).propose("last") == raft::StepResult::kOk) {
        proposed_ = true;
      }
    }
    ASSERT_NE(leader, raft::kNobody);
    ASSERT_TRUE(proposed_);
    const auto& expected = cluster_.at(leader).applied;
    ASSERT_FALSE(expected.empty());
    ASSERT_EQ(expected.back(), "last");
    const raft::Configuration& config = cluster_.node(leader).core().tracker().config();
    for (raft::NodeId id = 1; id <= kNodes; ++id) {
      if (!config.is_member(id)) continue;
      EXPECT_EQ(cluster_.at(id).applied, expected)
          << id << " is " << cluster_.node(leader).core().tracker().find(id)->to_string();
    }
  }

  uint64_t proposals() const { return next_proposal_; }

 private:
  bool chance(uint64_t one_in) { return random_.below(one_in) == 0; }

  void one_fault_or_step() {
    const raft::NodeId id = 1 + random_.below(kNodes);
    const uint64_t die = random_.below(1000);
    if (!cluster_.is_up(id)) {
      if (die < 100) cluster_.restart(id);
      return;
    }
    raft::Node& node = cluster_.node(id);
    if (die < 350) {
      if (node.has_ready()) cluster_.process_ready(id);
    } else if (die < 450) {
      cluster_.work_append(id);
    } else if (die < 500) {
      cluster_.work_apply(id);
    } else if (die < 800) {
      if (cluster_.in_flight() > 0) {
        cluster_.deliver(random_.below(cluster_.in_flight()), chance(20));
      }
    } else if (die < 900) {
      node.tick();
    } else if (die < 960) {
      (void)node.propose(std::to_string(++next_proposal_));
    } else if (die < 970) {
      (void)node.propose_conf_change(some_change());
    } else {
      rare_fault(id, node);
    }
  }

  void rare_fault(raft::NodeId id, raft::Node& node) {
    const raft::NodeId other = 1 + random_.below(kNodes);
    switch (random_.below(9)) {
      case 0:
        return cluster_.crash(id, chance(2));
      case 1:
        return cluster_.cut_one_way(id, other);
      case 2:
        return cluster_.isolate(id);
      case 3:
      case 4:
        return cluster_.heal();
      case 5:
        return chance(5) ? cluster_.drop_in_flight() : cluster_.heal();
      case 6:
        return cluster_.compact(id, cluster_.at(id).applied_index);
      case 7:
        return node.transfer_leadership(other);
      default:
        chance(2) ? node.report_unreachable(other) : node.report_snapshot(other, chance(2));
    }
  }

  raft::ConfChange some_change() {
    raft::ConfChange change;
    change.transition = static_cast<raft::Transition>(random_.below(3));
    for (uint64_t n = random_.below(3); n > 0; --n) {
      change.changes.push_back(
          {static_cast<raft::ConfChangeKind>(random_.below(4)), 1 + random_.below(kNodes)});
    }
    return change;
  }

  base::SeededRandom random_;
  Cluster cluster_;
  uint64_t next_proposal_ = 0;
  bool can_recover_ = true;
  bool proposed_ = false;
};

TEST(Faults, NothingIsLostWhateverHappensAndTheGroupRecovers) {
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Torture torture(seed);
    torture.suffer(8'000);
    torture.recover();
    EXPECT_GT(torture.proposals(), 10u);
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace bookstore::raft_scenarios
