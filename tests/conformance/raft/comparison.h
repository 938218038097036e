#pragma once

#include <string>

namespace bookstore::raft_conformance {

// Without the lines that the Go library logs ("INFO 1 became leader …"), which are its own wording.
std::string without_log_lines(const std::string& output);
// The last line that is not empty.
std::string last_line(const std::string& output);

// "line 3: expected …, got …": where two outputs part; empty when they are equal.
std::string first_difference(const std::string& expected, const std::string& got);

}  // namespace bookstore::raft_conformance
