#include "tests/conformance/raft/script.h"

#include <algorithm>
#include <charconv>

namespace bookstore::raft_conformance {
namespace {

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Splits at blanks outside parentheses.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  for (const char c : line) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0 && (c == ' ' || c == '\t')) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word.push_back(c);
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

Argument argument_of(const std::string& word) {
  const size_t equals = word.find('=');
  Argument argument{word.substr(0, equals), {}};
  if (equals == std::string::npos) return argument;
  std::string_view rest = std::string_view(word).substr(equals + 1);
  if (rest.size() >= 2 && rest.front() == '(' && rest.back() == ')') {
    rest = rest.substr(1, rest.size() - 2);
    while (!trim(rest).empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      argument.values.emplace_back(trim(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  } else {
    argument.values.emplace_back(rest);
  }
  return argument;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lines_(lines_of(text)) {}

  std::vector<Command> run() {
    while (at_ < lines_.size()) {
      const std::string_view line = trim(lines_[at_]);
      if (line.empty() || line.front() == '#') {
        ++at_;
      } else if (!command()) {
        break;
      }
    }
    return std::move(commands_);
  }

 private:
  bool command() {
    Command command;
    command.line = static_cast<int>(at_ + 1);
    read_directive(&command);
    while (at_ < lines_.size() && trim(lines_[at_]) != "----") {
      command.input.append(lines_[at_++]).push_back('\n');
    }
    if (at_ == lines_.size()) {
      commands_.push_back({command.line, "", {}, "no ---- after the command " + command.name, ""});
      return false;
    }
    ++at_;
    if (at_ < lines_.size() && trim(lines_[at_]) == "----") {
      read_fenced(&command);
    } else {
      while (at_ < lines_.size() && !trim(lines_[at_]).empty()) {
        command.expected.append(lines_[at_++]).push_back('\n');
      }
    }
    commands_.push_back(std::move(command));
    return true;
  }

  // A line that ends in a backslash goes on in the next one.
  void read_directive(Command* command) {
    std::string line;
    for (bool more = true; more && at_ < lines_.size();) {
      line += trim(lines_[at_++]);
      more = !line.empty() && line.back() == '\\';
      if (more) line.back() = ' ';
    }
    const std::vector<std::string> words = words_of(line);
    command->name = words.empty() ? "" : words.front();
    for (size_t i = 1; i < words.size(); ++i) {
      command->arguments.push_back(argument_of(words[i]));
    }
  }

  // The long form: blank lines belong to the output until two fences follow each other.
  void read_fenced(Command* command) {
    ++at_;
    while (at_ < lines_.size() && !(trim(lines_[at_]) == "----" && at_ + 1 < lines_.size() &&
                                    trim(lines_[at_ + 1]) == "----")) {
      command->expected.append(lines_[at_++]).push_back('\n');
    }
    at_ = std::min(at_ + 2, lines_.size());
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::vector<Command> commands_;
};

}  // namespace

const Argument* Command::find(std::string_view key) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(),
                                  [&](const Argument& one) { return one.key == key; });
  return found == arguments.end() ? nullptr : &*found;
}

std::optional<std::string> Command::value(std::string_view key) const {
  const Argument* argument = find(key);
  if (argument == nullptr || argument->values.size() != 1) return std::nullopt;
  return argument->values.front();
}

std::vector<uint64_t> Command::numbers() const {
  std::vector<uint64_t> numbers;
  for (const Argument& argument : arguments) {
    const auto number = to_number(argument.key);
    if (argument.values.empty() && number.has_value()) numbers.push_back(*number);
  }
  return numbers;
}

std::optional<uint64_t> to_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<Command> parse_script(std::string_view text) {
  return Parser(text).run();
}

}  // namespace bookstore::raft_conformance
