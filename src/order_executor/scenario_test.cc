// Runs tests/scenarios/order_executor/*.txt: commands, "----", what machine and coordinator do.
// BOOKSTORE_REWRITE_SCENARIOS=1 writes what they do now into the files; read the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "order_executor/admin.h"
#include "order_executor/two_phase.h"

namespace bookstore::order_executor {
namespace {

constexpr base::WallMs kStart = 1'000'000;

std::string text(State state) {
  return std::string(orders::to_text(state));
}

std::string join(const std::vector<base::OrderId>& ids) {
  return absl::StrJoin(ids, " ",
                       [](std::string* out, const base::OrderId& id) { *out += id.value; });
}

const char* name(Participant participant) {
  return participant == Participant::kInventory ? "inventory" : "payment";
}
const char* name(Call call) {
  return call == Call::kPrepare ? "prepare" : call == Call::kCommit ? "commit" : "abort";
}

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kApplied:
      return "applied";
    case Verdict::kKnown:
      return "known";
    case Verdict::kExpired:
      return "expired";
    case Verdict::kQueueFull:
      return "queue_full";
    case Verdict::kNoEffect:
      return "no effect";
    case Verdict::kIllegal:
      return "illegal";
  }
  return "?";
}

ParticipantState state_of(const std::string& word) {
  static const std::map<std::string, ParticipantState> kStates = {
      {"prepared", ParticipantState::kPrepared},
      {"refused", ParticipantState::kRefused},
      {"committed", ParticipantState::kCommitted},
      {"aborted", ParticipantState::kAborted},
      {"pending", ParticipantState::kPending},
      {"contradiction", ParticipantState::kContradiction},
      {"stale_fence", ParticipantState::kStaleFence}};
  return kStates.at(word);
}

// One machine and its coordinator. Proposals are committed at once, until both are quiet.
class Scene {
 public:
  std::string run(const std::string& line) {
    out_.clear();
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    const std::string& verb = words.at(0);
    if (verb == "submit") {
      commit(submit(words));
    } else if (verb == "cancel") {
      commit(Cancel{{words.at(1)}, "by the shopper"});
    } else if (verb == "resume") {
      commit(Resume{{words.at(1)}});
    } else if (verb == "fail") {
      commit(Fail{{words.at(1)}, "given_up"});
    } else if (verb == "abort") {
      commit(Decide{{words.at(1)}, Decision::kAbort, AbortScope::kBoth, "operator", ""});
    } else if (verb == "configure") {
      configure(words);
    } else if (verb == "advance") {
      now_ms_ += std::stoll(words.at(1));
    } else if (verb == "time") {
      commit(Time{});
    } else if (verb == "answer") {
      answer(words);
    } else if (verb == "unavailable") {
      coordinator_->on_unavailable(take_send(words), now_ms_);
    } else if (verb == "projected") {
      projected(words);
    } else if (verb == "new-leader") {
      coordinator_ = std::make_unique<TwoPhase>(config_);
      sends_.clear();
    } else if (verb == "linger") {
      config_.begin_linger_ms = std::stoll(words.at(1));
      coordinator_ = std::make_unique<TwoPhase>(config_);
    } else if (verb == "retry" || verb == "give-up") {
      administer(verb == "retry" ? plan_retry(machine_, {words.at(1)})
                                 : plan_abort(machine_, {words.at(1)}));
    } else {
      ADD_FAILURE() << "unknown command: " << line;
    }
    settle();
    return out_;
  }

 private:
  Submit submit(const std::vector<std::string>& words) {
    Submit submit{
        {words.at(1)},   {{"book", 1}}, {"EUR", 100}, "token", ShippingClass::kStandard, "",
        kStart + 120'000};
    for (size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "express") submit.shipping_class = ShippingClass::kExpress;
      if (words[i] == "economy") submit.shipping_class = ShippingClass::kEconomy;
      if (words[i] == "late") submit.accept_before_ms = kStart - 1;
      if (words[i] == "until") submit.accept_before_ms = kStart + std::stoll(words.at(i + 1));
    }
    return submit;
  }

  // What an operator asks; the coordinator has been heard before.
  void administer(const Plan& plan) {
    if (const auto* refusal = std::get_if<Refusal>(&plan)) {
      return print(absl::StrCat("refused: ", refusal->code));
    }
    commit(std::get<Command>(plan));
  }

  // `projected a [until MS]`: the newest accept_before of its row, after the start of the scene.
  void projected(const std::vector<std::string>& words) {
    base::WallMs accept_before_ms = kStart + 120'000;
    if (words.size() > 3) accept_before_ms = kStart + std::stoll(words[3]);
    coordinator_->on_projected({{{words.at(1)}, accept_before_ms}});
  }

  void configure(const std::vector<std::string>& words) {
    Configure configure = machine_.configuration();
    if (words.at(1) == "queue") configure.queue_capacity = std::stoull(words.at(2));
    if (words.at(1) == "executing") {
      configure.executing_capacity = static_cast<uint32_t>(std::stoul(words.at(2)));
    }
    commit(configure);
  }

  void answer(const std::vector<std::string>& words) {
    const Send send = take_send(words);
    std::vector<Answer> answers;
    for (size_t i = 3; i < words.size(); ++i) {
      const std::vector<std::string> parts = absl::StrSplit(words[i], absl::ByAnyChar("=:"));
      answers.push_back({{parts.at(0)}, state_of(parts.at(1)), parts.size() > 2 ? parts[2] : ""});
    }
    coordinator_->on_answers(machine_, send, answers, now_ms_);
  }

  // The oldest list under way to that participant with that call.
  Send take_send(const std::vector<std::string>& words) {
    for (auto send = sends_.begin(); send != sends_.end(); ++send) {
      if (words.at(1) != name(send->participant) || words.at(2) != name(send->call)) continue;
      Send taken = *send;
      sends_.erase(send);
      return taken;
    }
    ADD_FAILURE() << "nothing under way: " << words.at(1) << " " << words.at(2);
    return {};
  }

  void settle() {
    for (int round = 0; round < 100; ++round) {
      Duties duties = coordinator_->step(machine_, now_ms_);
      for (const Send& send : duties.sends) {
        print(absl::StrCat("send ", name(send.participant), " ", name(send.call), " ",
                           join(send.ids)));
        sends_.push_back(send);
      }
      if (duties.proposals.empty()) {
        if (duties.wake_at_ms) print(absl::StrCat("wake in ", *duties.wake_at_ms - now_ms_, " ms"));
        if (coordinator_->fenced_off()) print("fenced off");
        return;
      }
      for (const Command& command : duties.proposals) commit(command);
    }
    ADD_FAILURE() << "machine and coordinator never come to rest";
  }

  void commit(const Command& command) {
    const Applied applied = machine_.apply(++index_, {now_ms_, command});
    coordinator_->on_applied(command);
    print(absl::StrCat(index_, " ", describe(command),
                       applied.verdict == Verdict::kApplied ? "" : ": ",
                       applied.verdict == Verdict::kApplied ? "" : name(applied.verdict)));
    for (const Transition& transition : applied.transitions) {
      print(absl::StrCat(
          "  ", transition.id.value, " ", text(transition.from), " > ", text(transition.to),
          transition.reason.empty() ? "" : absl::StrCat(" (", transition.reason, ")")));
    }
  }

  static std::string describe(const Command& command) {
    const std::string name = command_name(command);
    if (const auto* c = std::get_if<Begin>(&command)) return name + " " + join(c->ids);
    if (const auto* c = std::get_if<Retire>(&command)) {
      return name + absl::StrJoin(c->orders, "", [](std::string* out, const RetiredOrder& order) {
               absl::StrAppend(out, " ", order.id.value);
             });
    }
    if (const auto* c = std::get_if<Decide>(&command)) {
      return absl::StrCat(name, c->decision == Decision::kCommit ? " COMMIT " : " ABORT ",
                          c->id.value);
    }
    return name;
  }

  void print(const std::string& line) { absl::StrAppend(&out_, line, "\n"); }

  OrderMachine machine_;
  TwoPhase::Config config_{.begin_linger_ms = 0};  // unless a scene says otherwise
  std::unique_ptr<TwoPhase> coordinator_ = std::make_unique<TwoPhase>(config_);
  std::vector<Send> sends_;  // under way
  uint64_t index_ = 0;
  int64_t now_ms_ = kStart;
  std::string out_;
};

// The file with what happens now in place of what it expects.
std::string replay(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::string out;
  std::string happened;
  Scene scene;
  bool expecting = false;
  while (std::getline(in, line)) {
    if (line.empty()) {
      expecting = false;
    } else if (line == "----") {
      expecting = true;
      absl::StrAppend(&out, "----\n", std::exchange(happened, ""));
      continue;
    } else if (expecting) {
      continue;
    } else if (line[0] != '#') {
      happened += scene.run(line);
    }
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, HappensAsWritten) {
  const std::string happened = replay(GetParam());
  if (std::getenv("BOOKSTORE_REWRITE_SCENARIOS") != nullptr) {
    std::ofstream(GetParam()) << happened;
    return;
  }
  std::stringstream written;
  written << std::ifstream(GetParam()).rdbuf();
  EXPECT_EQ(happened, written.str());
}

std::vector<std::string> files() {
  std::vector<std::string> files;
  const std::string folder = BOOKSTORE_SOURCE_DIR "/tests/scenarios/order_executor";
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.path().extension() == ".txt") files.push_back(item.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stem(const testing::TestParamInfo<std::string>& file) {
  return std::filesystem::path(file.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(OrderExecutor, Scenario, testing::ValuesIn(files()), stem);

}  // namespace
}  // namespace bookstore::order_executor
