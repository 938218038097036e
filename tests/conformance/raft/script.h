#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bookstore::raft_conformance {

// key, key=value or key=(a, b)
struct Argument {
  std::string key;
  std::vector<std::string> values;
};

// One block of a data-driven script: a command line, input lines, "----", the expected output.
struct Command {
  int line = 0;  // of the command, from 1
  std::string name;
  std::vector<Argument> arguments;
  std::string input;
  std::string expected;  // lines, each ended by \n

  const Argument* find(std::string_view key) const;
  // The value of key=value; nothing when it is absent or has not exactly one value.
  std::optional<std::string> value(std::string_view key) const;
  bool flag(std::string_view key) const { return value(key) == "true"; }
  // The arguments that are bare numbers, in order: the nodes of most commands.
  std::vector<uint64_t> numbers() const;
};

std::optional<uint64_t> to_number(std::string_view text);

// What cannot be read ends the list with a command whose name is empty and whose input says why.
std::vector<Command> parse_script(std::string_view text);

}  // namespace bookstore::raft_conformance
