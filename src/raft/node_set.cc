#include "raft/node_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bookstore::raft {

NodeSet::NodeSet(std::initializer_list<NodeId> ids) : NodeSet(std::vector<NodeId>(ids)) {}

NodeSet::NodeSet(const std::vector<NodeId>& ids) : ids_(ids) {
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

void NodeSet::insert(NodeId id) {
  const auto place = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (place == ids_.end() || *place != id) ids_.insert(place, id);
}

void NodeSet::erase(NodeId id) {
  const auto place = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (place != ids_.end() && *place == id) ids_.erase(place);
}

bool NodeSet::contains(NodeId id) const {
  return std::binary_search(ids_.begin(), ids_.end(), id);
}

std::string NodeSet::to_string() const {
  return absl::StrCat("(", absl::StrJoin(ids_, " "), ")");
}

}  // namespace bookstore::raft
