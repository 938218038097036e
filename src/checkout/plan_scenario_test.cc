#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "checkout/plan.h"
#include "gtest/gtest.h"

// Runs tests/scenarios/checkout/*.txt. A block is a command, `----`, and what the plan answers;
// blocks are separated by an empty line, # starts a comment line. Commands:
//   begin [amount=MINOR] [floor=MINOR]
//   finish STEP [passed | review | refused CODE [POINTER…] | unavailable | lost | cancelled]
// With BOOKSTORE_REWRITE_SCENARIOS=1 the files are rewritten with what the plan answers today.
namespace bookstore::checkout {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(BOOKSTORE_SOURCE_DIR) / "tests/scenarios/checkout";

struct Block {
  std::vector<std::string> comments;
  std::string command;
  std::string expected;
};

std::vector<Block> read_blocks(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Block> blocks;
  Block block;
  bool answering = false;
  const auto close = [&] {
    if (!block.command.empty() || !block.comments.empty()) blocks.push_back(std::move(block));
    block = {};
    answering = false;
  };
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      close();
    } else if (line == "----") {
      answering = true;
    } else if (answering) {
      block.expected += line + "\n";
    } else if (line.starts_with('#')) {
      block.comments.push_back(line);
    } else {
      block.command = line;
    }
  }
  close();
  return blocks;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

std::string steps_line(const std::string& verb, const std::vector<Step>& steps) {
  if (steps.empty()) return "";
  std::string line = verb;
  for (const Step step : steps) line += " " + std::string(to_text(step));
  return line + "\n";
}

std::string list_line(const std::string& name, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string line = name;
  for (const std::string& item : items) line += " " + item;
  return line + "\n";
}

std::string render(const Duties& duties) {
  std::string text = steps_line("cancel", duties.cancel) + steps_line("start", duties.start);
  if (duties.result.has_value()) {
    static const std::map<PlanResult::Kind, std::string> kKinds = {
        {PlanResult::Kind::kAccept, "accept"},
        {PlanResult::Kind::kReview, "review"},
        {PlanResult::Kind::kReject, "reject"},
        {PlanResult::Kind::kUnavailable, "unavailable"}};
    text += "result " + kKinds.at(duties.result->kind);
    if (!duties.result->code.empty()) text += " " + duties.result->code;
    text += "\n";
    for (const FieldError& error : duties.result->errors) {
      text += "error " + error.code + (error.pointer.empty() ? "" : " ") + error.pointer + "\n";
    }
    text += list_line("degraded", duties.result->degraded);
    text += list_line("policy", duties.result->policies);
  }
  return text.empty() ? "nothing\n" : text;
}

std::optional<Step> step_named(const std::string& name) {
  for (const Step step : kSteps) {
    if (to_text(step) == name) return step;
  }
  return std::nullopt;
}

std::optional<StepResult> result_of(const std::vector<std::string>& command) {
  static const std::map<std::string, StepResult::Kind> kKinds = {
      {"passed", StepResult::Kind::kPassed},   {"review", StepResult::Kind::kReview},
      {"refused", StepResult::Kind::kRefused}, {"unavailable", StepResult::Kind::kUnavailable},
      {"lost", StepResult::Kind::kLost},       {"cancelled", StepResult::Kind::kCancelled}};
  StepResult result;
  if (command.size() < 3) return result;
  const auto kind = kKinds.find(command[2]);
  if (kind == kKinds.end()) return std::nullopt;
  result.kind = kind->second;
  if (result.kind == StepResult::Kind::kRefused) {
    if (command.size() < 4) return std::nullopt;
    result.code = command[3];
    for (size_t at = 4; at < command.size(); ++at) {
      result.errors.push_back({command[at], result.code, "It is wrong."});
    }
    if (result.errors.empty()) result.errors.push_back({"", result.code, "It is declined."});
  }
  return result;
}

// One file's plan; answers the text of each command.
class Story {
 public:
  std::string run(const std::string& line) {
    const std::vector<std::string> command = words(line);
    if (command.front() == "begin") return begin(command);
    if (command.front() != "finish" || command.size() < 2 || !plan_.has_value()) {
      return "unknown command\n";
    }
    const auto step = step_named(command[1]);
    const auto result = result_of(command);
    if (!step.has_value() || !result.has_value()) return "unknown command\n";
    if (!plan_->running(*step)) return "not running\n";
    return render(plan_->on_finished(*step, *result));
  }

 private:
  std::string begin(const std::vector<std::string>& command) {
    Plan::Config config{2'599, 5'000};
    for (const std::string& word : command) {
      if (word.starts_with("amount=")) config.amount_minor = std::stoll(word.substr(7));
      if (word.starts_with("floor=")) config.fraud_floor_minor = std::stoll(word.substr(6));
    }
    plan_.emplace(config);
    return render(plan_->begin());
  }

  std::optional<Plan> plan_;
};

void rewrite(const fs::path& file, const std::vector<Block>& blocks,
             const std::vector<std::string>& answers) {
  std::ofstream out(file);
  for (size_t at = 0; at < blocks.size(); ++at) {
    if (at > 0) out << "\n";
    for (const std::string& comment : blocks[at].comments) out << comment << "\n";
    if (blocks[at].command.empty()) continue;
    out << blocks[at].command << "\n----\n" << answers[at];
  }
}

TEST(PlanScenarios, EveryFileTellsWhatThePlanDoes) {
  const bool rewriting = std::getenv("BOOKSTORE_REWRITE_SCENARIOS") != nullptr;
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".txt") continue;
    ++files;
    Story story;
    const std::vector<Block> blocks = read_blocks(entry.path());
    std::vector<std::string> answers;
    bool ended = false;
    for (const Block& block : blocks) {
      answers.push_back(block.command.empty() ? "" : story.run(block.command));
      ended = ended || answers.back().find("result ") != std::string::npos;
      if (!rewriting && !block.command.empty()) {
        EXPECT_EQ(answers.back(), block.expected)
            << entry.path().filename() << ": " << block.command;
      }
    }
    EXPECT_TRUE(ended) << entry.path().filename() << " has no result";
    if (rewriting) rewrite(entry.path(), blocks, answers);
  }
  EXPECT_GE(files, 12u) << "in " << kFolder;
}

}  // namespace
}  // namespace bookstore::checkout
