#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "raft/types.h"

namespace bookstore::raft {

// A small ordered set of node ids. Order is part of the contract: peers are always visited by
// ascending id, so that the same input gives the same output.
class NodeSet {
 public:
  NodeSet() = default;
  NodeSet(std::initializer_list<NodeId> ids);
  explicit NodeSet(const std::vector<NodeId>& ids);

  void insert(NodeId id);
  void erase(NodeId id);
  bool contains(NodeId id) const;
  bool empty() const { return ids_.empty(); }
  size_t size() const { return ids_.size(); }
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }
  const std::vector<NodeId>& ids() const { return ids_; }

  // "(1 2 3)"
  std::string to_string() const;

  friend bool operator==(const NodeSet&, const NodeSet&) = default;

 private:
  std::vector<NodeId> ids_;  // Invariant: ascending, without repeats.
};

}  // namespace bookstore::raft
