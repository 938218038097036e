#pragma once

#include <memory>
#include <string>

#include "tests/conformance/raft/script.h"

namespace bookstore::raft_conformance {

// Runs the commands of one file in order, keeping state between them.
class Suite {
 public:
  virtual ~Suite() = default;
  // The output of the command, in the shape of the script.
  virtual std::string run(const Command& command) = 0;
  // What of an output counts; applied to both sides before they are compared.
  virtual std::string significant(const std::string& output) const = 0;
};

// majorities and joint majorities: commit index and vote.
std::unique_ptr<Suite> make_quorum_suite();
// The algebra of configuration changes.
std::unique_ptr<Suite> make_confchange_suite();
// Nodes, their storage and the network between them.
std::unique_ptr<Suite> make_interaction_suite();

}  // namespace bookstore::raft_conformance
