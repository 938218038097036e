#include <algorithm>
#include <map>

#include "base/random.h"
#include "gtest/gtest.h"
#include "raft/joint.h"

namespace bookstore::raft {
namespace {

using Acked = std::map<NodeId, Index>;
using Votes = std::map<NodeId, bool>;

auto look_up(const Acked& acked) {
  return [&acked](NodeId id) -> std::optional<Index> {
    const auto found = acked.find(id);
    return found == acked.end() ? std::nullopt : std::optional(found->second);
  };
}

// The definition, slowly: an index is committed when more than half hold it.
Index committed_by_definition(const NodeSet& voters, const Acked& acked) {
  if (voters.empty()) return kEveryIndex;
  Index best = 0;
  for (const auto& [candidate, index] : acked) {
    const auto holders = std::count_if(voters.begin(), voters.end(), [&, at = index](NodeId id) {
      const auto found = acked.find(id);
      return found != acked.end() && found->second >= at;
    });
    if (static_cast<size_t>(holders) * 2 > voters.size()) best = std::max(best, index);
  }
  return best;
}

NodeSet some_voters(base::Random& random, size_t max) {
  NodeSet voters;
  for (size_t n = random.below(max + 1); n > 0; --n) voters.insert(1 + random.below(max));
  return voters;
}

TEST(Quorum, TheCommittedIndexIsWhatTheDefinitionSays) {
  base::SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    const JointVoters voters{some_voters(random, 12), some_voters(random, 12)};
    Acked acked;
    for (const NodeId id : voters.all()) {
      if (random.below(4) != 0) acked[id] = 1 + random.below(20);
    }
    const Index incoming = committed_by_definition(voters.incoming, acked);
    const Index outgoing = committed_by_definition(voters.outgoing, acked);
    ASSERT_EQ(committed_index(voters.incoming, look_up(acked)), incoming) << voters.to_string();
    ASSERT_EQ(committed_index(voters, look_up(acked)), std::min(incoming, outgoing))
        << voters.to_string();
  }
}

TEST(Quorum, AVoteIsWonOrLostOnlyWhenTheMissingAnswersCannotChangeIt) {
  base::SeededRandom random(8);
  for (int round = 0; round < 5'000; ++round) {
    const JointVoters voters{some_voters(random, 5), some_voters(random, 5)};
    Votes votes;
    for (const NodeId id : voters.all()) {
      if (random.below(2) != 0) votes[id] = random.below(2) != 0;
    }
    const auto completed = [&](bool rest) {
      return vote_result(voters, [&](NodeId id) -> std::optional<bool> {
        const auto found = votes.find(id);
        return found == votes.end() ? rest : found->second;
      });
    };
    const VoteResult now = vote_result(voters, [&](NodeId id) -> std::optional<bool> {
      const auto found = votes.find(id);
      return found == votes.end() ? std::nullopt : std::optional(found->second);
    });
    if (now == VoteResult::kWon) {
      ASSERT_EQ(completed(false), VoteResult::kWon);
    }
    if (now == VoteResult::kLost) {
      ASSERT_EQ(completed(true), VoteResult::kLost);
    }
    if (now == VoteResult::kPending) {
      ASSERT_EQ(completed(true), VoteResult::kWon);
      ASSERT_EQ(completed(false), VoteResult::kLost);
    }
  }
}

TEST(Quorum, AnEmptyHalfChangesNothing) {
  const JointVoters plain{NodeSet{1, 2, 3}, {}};
  const Acked acked{{1, 10}, {2, 9}};
  EXPECT_EQ(committed_index(plain, look_up(acked)),
            committed_index(plain.incoming, look_up(acked)));
  EXPECT_EQ(plain.to_string(), "(1 2 3)");
  EXPECT_EQ((JointVoters{NodeSet{2, 3}, NodeSet{1}}).to_string(), "(2 3)&&(1)");
}

}  // namespace
}  // namespace bookstore::raft
