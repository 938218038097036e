#include "raft/node.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "raft/describe.h"
#include "raft/memory_storage.h"

namespace bookstore::raft {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

ConfState voters(std::vector<NodeId> ids) {
  return {std::move(ids), {}, {}, {}, false};
}

// Writes, applies and advances until the node is quiet; what it sent to others.
std::vector<Message> settle(Node& node, MemoryStorage& storage) {
  std::vector<Message> sent;
  while (node.has_ready()) {
    Ready ready = node.ready();
    if (ready.hard_state) storage.set_hard_state(*ready.hard_state);
    storage.append(ready.entries);
    for (Message& message : ready.messages) sent.push_back(std::move(message));
    node.advance();
  }
  return sent;
}

TEST(Node, TheSameInputGivesTheSameOutput) {
  const auto history = [] {
    std::string text;
    base::SeededRandom random(5);
    MemoryStorage storage(voters({1, 2, 3}));
    Node node({.id = 1}, storage, random);
    for (int i = 0; i < 60; ++i) {
      node.tick();
      for (const Message& message : settle(node, storage)) text += describe(message) + "\n";
    }
    return text;
  };
  EXPECT_EQ(history(), history());
  EXPECT_NE(history(), "");
}

TEST(Node, NothingOnTheNetworkIsTrusted) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1, 2, 3}));
  Node node({.id = 1}, storage, random);
  EXPECT_EQ(node.step({.type = MessageType::kStorageAppendResp, .from = 2, .to = 1, .index = 9}),
            StepResult::kLocalMessage);
  EXPECT_EQ(node.step({.type = MessageType::kVoteResp, .from = 9, .to = 1, .term = 1}),
            StepResult::kUnknownPeer);
  EXPECT_EQ(node.step({.type = MessageType::kVote, .from = 2, .to = 1}), StepResult::kMalformed);
  EXPECT_EQ(node.step({.type = MessageType::kPropose, .from = 2, .to = 1}), StepResult::kMalformed);
  Message gap{.type = MessageType::kAppend, .from = 2, .to = 1, .term = 1};
  gap.entries.push_back({1, 5, EntryKind::kNormal, {}});
  EXPECT_EQ(node.step(gap), StepResult::kMalformed);
  Message snapshot{.type = MessageType::kSnapshot, .from = 2, .to = 1, .term = 1};
  EXPECT_EQ(node.step(snapshot), StepResult::kMalformed);
  snapshot.snapshot = std::make_shared<Snapshot>(
      Snapshot{{1, 5}, {{1, 2}, {}, {2}, {}, false}, {}});  // 2 votes and learns
  EXPECT_EQ(node.step(snapshot), StepResult::kMalformed);
  EXPECT_FALSE(node.has_ready());
}

TEST(Node, ALeaderKeepsOnlySoMuchThatIsNotCommitted) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1, 2, 3}));
  Node node({.id = 1, .max_uncommitted_bytes = 10, .pre_vote = false}, storage, random);
  node.campaign();
  settle(node, storage);
  ASSERT_EQ(node.step({.type = MessageType::kVoteResp, .from = 2, .to = 1, .term = 1}),
            StepResult::kOk);
  ASSERT_EQ(node.core().role(), Role::kLeader);
  EXPECT_EQ(node.propose("a proposal of any size is taken alone"), StepResult::kOk);
  EXPECT_EQ(node.propose("more"), StepResult::kProposalDropped);
  EXPECT_EQ(node.propose(""), StepResult::kOk) << "what weighs nothing always fits";
  settle(node, storage);
  ASSERT_EQ(
      node.step({.type = MessageType::kAppendResp, .from = 2, .to = 1, .term = 1, .index = 3}),
      StepResult::kOk);
  settle(node, storage);
  EXPECT_EQ(node.propose("more"), StepResult::kOk) << "committed and applied: there is room";
}

TEST(Node, WithAsynchronousWritesNothingPromisedLeavesBeforeItsWrite) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1, 2}));
  Node node({.id = 1, .asynchronous_writes = true}, storage, random);
  ASSERT_EQ(node.step({.type = MessageType::kVote, .from = 2, .to = 1, .term = 3}),
            StepResult::kOk);
  const Ready ready = node.ready();
  EXPECT_TRUE(ready.must_sync);
  ASSERT_THAT(ready.messages, SizeIs(1));
  const Message& write = ready.messages.front();
  EXPECT_EQ(write.to, kAppendThread);
  EXPECT_EQ(write.term, 3u);
  EXPECT_EQ(write.vote, 2u);
  ASSERT_THAT(write.responses, SizeIs(1));
  EXPECT_EQ(describe(write.responses.front()), "1->2 MsgVoteResp Term:3 Log:0/0");
  EXPECT_FALSE(node.has_ready());
}

TEST(Node, ACommitIndexAloneNeedsNoSync) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1, 2}));
  Node node({.id = 1}, storage, random);
  Message append{.type = MessageType::kAppend, .from = 2, .to = 1, .term = 1};
  append.entries.push_back({1, 1, EntryKind::kNormal, Payload("a")});
  ASSERT_EQ(node.step(append), StepResult::kOk);
  settle(node, storage);
  ASSERT_EQ(
      node.step({.type = MessageType::kHeartbeat, .from = 2, .to = 1, .term = 1, .commit = 1}),
      StepResult::kOk);
  const Ready ready = node.ready();
  EXPECT_FALSE(ready.must_sync);
  EXPECT_EQ(ready.hard_state->commit, 1u);
  EXPECT_THAT(ready.committed_entries, SizeIs(1));
}

TEST(Node, ASnapshotThatWasCompactedPastIsFollowedByANewerOne) {
  base::SeededRandom random(1);
  const ConfState config{{1}, {}, {2}, {}, false};
  MemoryStorage storage(config);
  Node node({.id = 1}, storage, random);
  node.campaign();
  settle(node, storage);
  const auto snapshot_at = [&](Index index) {
    storage.keep(std::make_shared<Snapshot>(Snapshot{{1, index}, config, {}}));
    ASSERT_TRUE(storage.compact(index));
  };
  const auto snapshots_sent = [&] {
    std::string text;
    for (const Message& message : settle(node, storage)) {
      if (message.type == MessageType::kSnapshot) text += describe(*message.snapshot);
    }
    return text;
  };
  ASSERT_EQ(node.propose("a"), StepResult::kOk);
  settle(node, storage);
  snapshot_at(2);
  ASSERT_EQ(node.step({.type = MessageType::kHeartbeatResp, .from = 2, .to = 1, .term = 1}),
            StepResult::kOk);
  EXPECT_THAT(snapshots_sent(), ::testing::StartsWith("Index:2 "));
  ASSERT_EQ(node.propose("b"), StepResult::kOk);
  settle(node, storage);
  snapshot_at(3);
  ASSERT_EQ(
      node.step({.type = MessageType::kAppendResp, .from = 2, .to = 1, .term = 1, .index = 2}),
      StepResult::kOk);
  EXPECT_THAT(snapshots_sent(), ::testing::StartsWith("Index:3 "));
}

TEST(Node, AStoredCommitIndexMayBeBehindTheSnapshot) {
  base::SeededRandom random(1);
  MemoryStorage storage;
  ASSERT_TRUE(storage.install(
      std::make_shared<Snapshot>(Snapshot{{2, 10}, voters({1, 2}), Payload("state")})));
  storage.set_hard_state({2, 1, 7});
  Node node({.id = 1, .applied = 10}, storage, random);
  EXPECT_EQ(node.core().log().committed(), 10u);
  EXPECT_EQ(node.core().hard_state().vote, 1u);
}

TEST(Node, WaitingReadsAreBounded) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1, 2, 3}));
  Node node({.id = 1, .max_pending_reads = 2, .pre_vote = false}, storage, random);
  node.campaign();
  settle(node, storage);
  ASSERT_EQ(node.step({.type = MessageType::kVoteResp, .from = 2, .to = 1, .term = 1}),
            StepResult::kOk);
  EXPECT_EQ(node.read_index("a"), StepResult::kOk);
  EXPECT_EQ(node.read_index("b"), StepResult::kOk);
  EXPECT_EQ(node.read_index("c"), StepResult::kReadDropped);
}

TEST(NodeDeathTest, ASecondLeaderInOurTermStopsUs) {
  base::SeededRandom random(1);
  MemoryStorage storage(voters({1}));
  Node node({.id = 1}, storage, random);
  node.campaign();
  settle(node, storage);
  ASSERT_EQ(node.core().role(), Role::kLeader);
  EXPECT_DEATH((void)node.step({.type = MessageType::kHeartbeat, .from = 2, .to = 1, .term = 1}),
               "leads in our term");
}

TEST(Options, SayWhatIsWrong) {
  EXPECT_EQ(Options{}.problem(), "id: no node can have it");
  EXPECT_EQ((Options{.id = 1}).problem(), "");
  EXPECT_THAT((Options{.id = 1, .election_ticks = 1}).problem(), ::testing::StartsWith("election"));
  EXPECT_THAT((Options{.id = 1, .check_quorum = false, .read_mode = ReadMode::kLease}).problem(),
              ::testing::HasSubstr("lease"));
}

TEST(ReadQueue, ARoundIsProvedByAQuorumOfEachHalf) {
  ReadQueue reads;
  const JointVoters joint{NodeSet{1, 2, 3}, NodeSet{3, 4, 5}};
  EXPECT_EQ(reads.newest_round(), 0u);
  const uint64_t first = reads.add({1, Payload("a"), 7}, 1);
  const uint64_t second = reads.add({1, Payload("b"), 8}, 1);
  reads.acknowledge(3, second);
  reads.acknowledge(9, second + 100);  // of no round of ours
  EXPECT_THAT(reads.take_proved(joint), IsEmpty()) << "3 alone of the outgoing half";
  reads.acknowledge(4, first);
  const auto proved = reads.take_proved(joint);
  ASSERT_THAT(proved, SizeIs(1));
  EXPECT_EQ(proved.front().index, 7u);
  EXPECT_EQ(reads.size(), 1u);
}

TEST(Payload, CopiesShareTheBytes) {
  const Payload one("some bytes");
  Payload other = one;
  EXPECT_EQ(other.bytes().data(), one.bytes().data());
  other = Payload();
  EXPECT_EQ(one.bytes(), "some bytes");
  EXPECT_TRUE(other.empty());
}

TEST(Describe, EscapesWhatATerminalWouldNotShow) {
  EXPECT_EQ(quoted("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\x01\"");
}

}  // namespace
}  // namespace bookstore::raft
