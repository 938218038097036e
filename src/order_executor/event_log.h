#pragma once

#include <vector>

#include "order_executor/node.h"

namespace bookstore::order_executor {

// What an operator must see without asking: orders that wait for a person, in the log.
void log_transitions(const std::vector<Transition>& transitions);

void log_snapshot(const Node::SnapshotReport& report);

// The first lines of a leader: what recovery found, and what it took over.
void log_start(const std::vector<std::string>& notes, const Node::Snapshot& snapshot);

}  // namespace bookstore::order_executor
