#include "raft/majority.h"

#include <functional>

namespace bookstore::raft {

const char* to_string(VoteResult result) {
  switch (result) {
    case VoteResult::kPending:
      return "VotePending";
    case VoteResult::kLost:
      return "VoteLost";
    case VoteResult::kWon:
      return "VoteWon";
  }
  return "VoteResult(?)";
}

Index majority_index(std::span<Index> acked) {
  const auto place = acked.begin() + static_cast<std::ptrdiff_t>(majority_of(acked.size()) - 1);
  std::nth_element(acked.begin(), place, acked.end(), std::greater<>());
  return *place;
}

VoteResult vote_result(size_t voters, size_t granted, size_t rejected) {
  if (voters == 0) return VoteResult::kWon;
  const size_t needed = majority_of(voters);
  if (granted >= needed) return VoteResult::kWon;
  return voters - rejected >= needed ? VoteResult::kPending : VoteResult::kLost;
}

}  // namespace bookstore::raft
