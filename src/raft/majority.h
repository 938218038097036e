#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <vector>

#include "raft/node_set.h"

namespace bookstore::raft {

enum class VoteResult : uint8_t { kPending, kLost, kWon };
const char* to_string(VoteResult result);

// More than half of n.
inline size_t majority_of(size_t n) {
  return n / 2 + 1;
}

// What a voter has acknowledged; nothing when we have not heard from it.
template <class F>
concept AckedIndex = std::is_invocable_r_v<std::optional<Index>, F, NodeId>;
// What a voter has answered; nothing while it has not.
template <class F>
concept CastVote = std::is_invocable_r_v<std::optional<bool>, F, NodeId>;

// The (n/2+1)-th largest of `acked`, which it reorders.
Index majority_index(std::span<Index> acked);

// The largest index that a majority of `voters` has acknowledged (raft paper §5.3, §5.4.2: whoever
// commits by it must also check the term). The empty majority agrees to everything, which is what
// makes an empty half of a joint configuration disappear.
template <AckedIndex Acked>
Index committed_index(const NodeSet& voters, const Acked& acked) {
  constexpr size_t kOnStack = 9;
  if (voters.empty()) return kEveryIndex;
  std::array<Index, kOnStack> few;
  std::vector<Index> many;
  std::span<Index> heard(few.data(), voters.size());
  if (voters.size() > kOnStack) {
    many.resize(voters.size());
    heard = many;
  }
  std::transform(voters.begin(), voters.end(), heard.begin(),
                 [&](NodeId id) { return acked(id).value_or(0); });
  return majority_index(heard);
}

VoteResult vote_result(size_t voters, size_t granted, size_t rejected);

// Won as soon as a majority has granted, lost as soon as none can any more. The empty majority
// grants everything.
template <CastVote Vote>
VoteResult vote_result(const NodeSet& voters, const Vote& vote) {
  size_t granted = 0;
  size_t rejected = 0;
  for (const NodeId id : voters) {
    const std::optional<bool> answer = vote(id);
    if (answer.has_value()) ++(*answer ? granted : rejected);
  }
  return vote_result(voters.size(), granted, rejected);
}

}  // namespace bookstore::raft
