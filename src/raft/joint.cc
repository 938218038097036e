#include "raft/joint.h"

#include "absl/strings/str_cat.h"

namespace bookstore::raft {

NodeSet JointVoters::all() const {
  NodeSet ids = incoming;
  for (const NodeId id : outgoing) ids.insert(id);
  return ids;
}

std::string JointVoters::to_string() const {
  if (!joint()) return incoming.to_string();
  return absl::StrCat(incoming.to_string(), "&&", outgoing.to_string());
}

VoteResult both(VoteResult incoming, VoteResult outgoing) {
  if (incoming == outgoing) return incoming;
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) return VoteResult::kLost;
  return VoteResult::kPending;
}

}  // namespace bookstore::raft
