#pragma once

#include <ostream>

#include "tests/conformance/raft/runner.h"

namespace bookstore::raft_conformance {

// A table for people: file, commands, passed, first difference; a total below.
void print_table(const Results& results, std::ostream& out);
// The same for programs.
void print_json(const Results& results, std::ostream& out);

}  // namespace bookstore::raft_conformance
