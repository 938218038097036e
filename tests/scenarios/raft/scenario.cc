#include "tests/scenarios/raft/scenario.h"

#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "raft/describe.h"
#include "tests/scenarios/raft/cluster.h"

namespace bookstore::raft_scenarios {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string join(const Words& words, size_t from) {
  return absl::StrJoin(words.begin() + static_cast<std::ptrdiff_t>(std::min(from, words.size())),
                       words.end(), " ");
}

class Story {
 public:
  // Empty, or what is wrong.
  std::string run(const std::string& line) {
    words_ = words_of(line);
    using Deed = void (Story::*)();
    static const std::map<std::string, Deed> kDeeds = {
        {"nodes", &Story::nodes},       {"log", &Story::log},
        {"add", &Story::add},           {"campaign", &Story::campaign},
        {"tick", &Story::tick},         {"run", &Story::run_group},
        {"ready", &Story::ready},       {"deliver", &Story::deliver},
        {"drop", &Story::drop},         {"cut", &Story::cut},
        {"isolate", &Story::isolate},   {"heal", &Story::heal},
        {"crash", &Story::crash},       {"restart", &Story::restart},
        {"propose", &Story::propose},   {"change", &Story::change},
        {"transfer", &Story::transfer}, {"forget", &Story::forget},
        {"read", &Story::read},         {"compact", &Story::compact},
        {"expect", &Story::expect},     {"timeout", &Story::timeout},
    };
    wrong_.clear();
    const auto deed = kDeeds.find(word(0));
    if (deed == kDeeds.end()) return absl::StrCat("there is no word '", word(0), "'");
    (this->*deed->second)();
    return wrong_;
  }

 private:
  std::string word(size_t i) const { return i < words_.size() ? words_[i] : ""; }
  uint64_t number(size_t i) {
    const std::string text = word(i);
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
      wrong_ = absl::StrCat("word ", i + 1, " should be a number, is '", text, "'");
      return 1;
    }
    return std::stoull(text);
  }
  raft::Node& node(size_t i) { return cluster_.node(number(i)); }
  const raft::Core& core(size_t i) { return node(i).core(); }
  void want(const std::string& what, const std::string& expected, const std::string& is) {
    if (expected != is) wrong_ = absl::StrCat(what, ": expected '", expected, "', is '", is, "'");
  }

  // nodes 3 [prevote] [checkquorum] [async] [lease] [inflight=N] [learners=N,M]
  void nodes() {
    options_ = raft::Options{
        .election_ticks = 10, .heartbeat_ticks = 1, .check_quorum = false, .pre_vote = false};
    raft::ConfState& config = config_;
    for (size_t i = 2; i < words_.size(); ++i) {
      const std::string& option = words_[i];
      if (option == "prevote") options_.pre_vote = true;
      if (option == "checkquorum") options_.check_quorum = true;
      if (option == "async") options_.asynchronous_writes = true;
      if (option == "lease") options_.read_mode = raft::ReadMode::kLease;
      if (option.starts_with("inflight="))
        options_.max_inflight_messages = std::stoul(option.substr(9));
      if (option.starts_with("learners=")) {
        std::istringstream ids(option.substr(9));
        for (std::string id; std::getline(ids, id, ',');)
          config.learners.push_back(std::stoull(id));
      }
    }
    for (raft::NodeId id = 1; id <= number(1); ++id) {
      const bool learner =
          std::find(config.learners.begin(), config.learners.end(), id) != config.learners.end();
      if (!learner) config.voters.push_back(id);
    }
    for (uint64_t n = number(1); n > 0; --n) cluster_.add(options_, config);
  }
  // add: a node that knows how the group began, and is no member yet
  void add() { cluster_.add(options_, config_); }
  // log N TERM… at TERM
  void log() {
    std::vector<raft::Term> terms;
    size_t i = 2;
    for (; i < words_.size() && words_[i] != "at"; ++i) terms.push_back(number(i));
    cluster_.set_log(number(1), terms, number(i + 1));
  }
  void campaign() { node(1).campaign(); }
  // tick N|all TIMES
  void tick() {
    for (uint64_t times = words_.size() > 2 ? number(2) : 1; times > 0; --times) {
      for (raft::NodeId id = 1; id <= cluster_.size(); ++id) {
        const bool meant = word(1) == "all" || number(1) == id;
        if (meant && cluster_.is_up(id)) cluster_.node(id).tick();
      }
    }
    if (word(1) == "all") wrong_.clear();
  }
  void timeout() { node(1).set_election_timeout(static_cast<int>(number(2))); }
  void run_group() { cluster_.run(); }
  void ready() { cluster_.process_ready(number(1)); }
  void deliver() { cluster_.deliver_all_to(number(1)); }
  void drop() { cluster_.drop_in_flight(); }
  void cut() { cluster_.cut(number(1), number(2)); }
  void isolate() { cluster_.isolate(number(1)); }
  void heal() { cluster_.heal(); }
  void crash() { cluster_.crash(number(1)); }
  void restart() { cluster_.restart(number(1)); }
  void compact() { cluster_.compact(number(1), number(2)); }
  void transfer() { node(1).transfer_leadership(number(2)); }
  void forget() { node(1).forget_leader(); }

  void outcome(raft::StepResult result) {
    const auto arrow = std::find(words_.begin(), words_.end(), "->");
    const bool refused = arrow != words_.end();
    if (refused == (result == raft::StepResult::kOk)) wrong_ = raft::name_of(result);
  }
  // propose N TEXT [-> refused]
  void propose() { outcome(node(1).propose(word(2))); }
  // read N CONTEXT [-> refused]
  void read() { outcome(node(1).read_index(word(2))); }
  // change N v4 r1 [explicit|implicit] [-> refused]
  void change() {
    raft::ConfChange change;
    std::string changes;
    for (size_t i = 2; i < words_.size() && words_[i] != "->"; ++i) {
      if (words_[i] == "explicit") {
        change.transition = raft::Transition::kExplicit;
      } else if (words_[i] == "implicit") {
        change.transition = raft::Transition::kImplicit;
      } else if (words_[i] != "leave") {
        changes += words_[i] + " ";
      }
    }
    change.changes = raft::parse_changes(changes).value_or(std::vector<raft::NodeChange>{});
    outcome(node(1).propose_conf_change(change));
  }

  // expect WHAT N VALUE…
  void expect() {
    const std::string what = word(1);
    const std::string value = join(words_, 3);
    if (what == "leader") {
      want("leader", word(2),
           word(2) == "none" && cluster_.leader() == 0 ? "none" : absl::StrCat(cluster_.leader()));
    } else if (what == "role") {
      want(what, value, raft::name_of(core(2).role()));
    } else if (what == "term") {
      want(what, value, absl::StrCat(core(2).term()));
    } else if (what == "vote") {
      want(what, value, absl::StrCat(core(2).hard_state().vote));
    } else if (what == "follows") {
      want(what, value, absl::StrCat(core(2).lead()));
    } else if (what == "committed") {
      want(what, value, absl::StrCat(core(2).log().committed()));
    } else if (what == "log") {
      want(what, value, terms_of(number(2)));
    } else if (what == "applied") {
      want(what, value, absl::StrJoin(cluster_.at(number(2)).applied, " "));
    } else if (what == "config") {
      want(what, value, core(2).tracker().config().to_string());
    } else if (what == "progress") {
      const raft::Progress* progress = core(2).tracker().find(number(3));
      want(what, join(words_, 4), progress == nullptr ? "none" : progress->to_string());
    } else if (what == "reads") {
      want(what, value,
           absl::StrJoin(cluster_.at(number(2)).reads, " ",
                         [](std::string* out, const raft::ReadState& read) {
                           absl::StrAppend(out,
                                           absl::string_view(read.context.bytes().data(),
                                                             read.context.bytes().size()),
                                           "@", read.index);
                         }));
    } else if (what == "durable") {
      want(what, value, raft::describe(cluster_.at(number(2)).storage->start().hard_state));
    } else if (what == "flight") {
      want(what, word(2), absl::StrCat(cluster_.in_flight()));
    } else {
      wrong_ = absl::StrCat("nobody can expect '", what, "'");
    }
  }

  std::string terms_of(raft::NodeId id) {
    std::vector<raft::Term> terms;
    for (const raft::EntryId& entry : cluster_.log_of(id)) terms.push_back(entry.term);
    return absl::StrJoin(terms, " ");
  }

  Cluster cluster_{1};
  raft::Options options_;
  raft::ConfState config_;  // how the group began
  Words words_;
  std::string wrong_;
};

}  // namespace

std::vector<Scenario> parse_scenarios(const std::string& text) {
  std::vector<Scenario> scenarios;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::string told = line.substr(0, line.find('#'));
    if (told.find_first_not_of(" \t") == std::string::npos) continue;
    constexpr std::string_view kStart = "scenario ";
    if (told.starts_with(kStart)) {
      scenarios.push_back({told.substr(kStart.size()), {}});
    } else if (!scenarios.empty()) {
      scenarios.back().lines.emplace_back(number, told);
    }
  }
  return scenarios;
}

std::string run_scenario(const Scenario& scenario) {
  Story story;
  for (const auto& [number, line] : scenario.lines) {
    const std::string wrong = story.run(line);
    if (!wrong.empty()) return absl::StrCat("line ", number, ": ", line, ": ", wrong);
  }
  return {};
}

}  // namespace bookstore::raft_scenarios
