#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "order_executor/order_machine.h"
#include "tests/models/interner.h"
#include "tests/models/scope.h"

namespace bookstore::models {

// Every log that exploration meets, as a tree: a number names a log, and with it the production
// OrderMachine that has applied it. Entries pass through the production codec on their way in.
class ReplicatedLog {
 public:
  struct Node {
    order_executor::OrderMachine machine;
    order_executor::Applied applied;  // by the last entry
    uint32_t parent = 0;
    uint16_t command = 0;
    int16_t time = 0;
    uint16_t index = 0;
    // The machine's state in three parts: what it is, when and at which entries. Two machines with
    // one shape whose times and indexes are ordered alike behave alike.
    uint32_t shape = 0;
    std::vector<int16_t> times;
    std::vector<uint16_t> indexes;
  };

  ReplicatedLog(const order_executor::Configure& configure, Mutant mutant);

  uint32_t root() const { return root_; }
  const Node& operator[](uint32_t log) const { return *nodes_[log]; }
  const order_executor::OrderMachine& machine(uint32_t log) const { return nodes_[log]->machine; }
  size_t size() const { return nodes_.size(); }

  uint16_t number(const order_executor::Command& command);
  const order_executor::Command& command(uint16_t number) const { return commands_[number]; }

  // The log with one entry more.
  uint32_t append(uint32_t log, uint16_t command, int16_t time);

 private:
  Node grow(uint32_t log, uint16_t command, int16_t time);
  void describe(Node& node);
  // Mutants that make another history of what was applied.
  order_executor::OrderMachine rewritten(uint32_t log, const base::OrderId& id,
                                         const order_executor::Command* replacement);
  void mutate(uint32_t log, Node& node, order_executor::Entry& entry);

  const Mutant mutant_;
  Interner<order_executor::Command> commands_;
  Interner<char> shapes_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::tuple<uint32_t, uint16_t, int16_t>, uint32_t> children_;
  uint32_t root_ = 0;
};

}  // namespace bookstore::models
