#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "tests/models/seen_states.h"

namespace bookstore::models {

// Explores every reachable state of a model, breadth first, so that a counterexample is a shortest
// one. A Model says
//   State initial() const;
//   template <class Emit> void successors(const State&, Emit emit);
//       emit(State next, bool fault, label): every move out of the state, in a fixed order;
//       `label()` gives the words of a trace. A fault is a move that the world makes against us.
//   void canonical(const State&, std::string& bytes);   equal bytes: the states behave alike
//   const char* violated(const State&);                 null, or the name of a broken property
//   bool good(const State&);                            at rest, with everything as it should be
// Two answers come out: is there a state that breaks a property, and (when none does and
// everything was seen) is there a state from which no continuation without further faults ends
// well. A visited state is kept as 128 bits of hash, its parent, and the edges that leave it.
struct Bounds {
  size_t states_max = 50'000'000;
  double seconds_max = 3'600;
  bool liveness = true;
};

struct Report {
  size_t states = 0;
  size_t transitions = 0;
  size_t depth = 0;
  double seconds = 0;
  bool complete = false;  // every reachable state was seen, and nothing was found
  std::string violated;   // empty: nothing was found
  std::vector<std::string> trace;
};

inline constexpr const char* kNoGoodEnd = "no continuation ends well";

template <class Model>
class Explorer {
 public:
  using State = typename Model::State;

  Explorer(Model& model, Bounds bounds) : model_(model), bounds_(bounds) {}

  Report run() {
    started_ = std::chrono::steady_clock::now();
    see(model_.initial(), kNone, 0);
    bool stopped = false;
    while (!next_.empty() && report_.violated.empty() && !stopped) {
      std::vector<State> level = std::exchange(next_, {});
      for (const State& state : level) {
        expand(state);
        stopped = out_of_bounds();
        if (!report_.violated.empty() || stopped) break;
      }
      if (!next_.empty()) ++report_.depth;
    }
    report_.complete = report_.violated.empty() && !stopped;
    if (report_.complete && bounds_.liveness) check_ends();
    report_.states = parents_.size();
    report_.seconds = seconds();
    return report_;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Parent {
    uint32_t state = kNone;
    uint32_t move = 0;  // which of its successors
  };

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

  bool out_of_bounds() const {
    if (parents_.size() >= bounds_.states_max) return true;
    return expanded_ % 4'096 == 0 && seconds() > bounds_.seconds_max;
  }

  // The number of the state; a new one is checked and queued.
  uint32_t see(State state, uint32_t parent, uint32_t move) {
    bytes_.clear();
    model_.canonical(state, bytes_);
    const auto fresh = static_cast<uint32_t>(parents_.size());
    const uint32_t number = seen_.insert(bytes_, fresh);
    if (number != fresh) return number;
    parents_.push_back({parent, move});
    good_.push_back(model_.good(state));
    if (const char* violated = model_.violated(state)) {
      report_.violated = violated;
      report_.trace = trace_to(fresh);
      report_.complete = false;
    }
    next_.push_back(std::move(state));
    return fresh;
  }

  void expand(const State& state) {
    const auto number = static_cast<uint32_t>(expanded_++);
    edge_starts_.push_back(edges_.size());
    uint32_t move = 0;
    model_.successors(state, [&](State next, bool fault, const auto&) {
      if (!report_.violated.empty()) return;
      const uint32_t to = see(std::move(next), number, move++);
      ++report_.transitions;
      if (bounds_.liveness && to != number && !fault) edges_.push_back(to);
    });
  }

  // Every state must be able to reach a good one without any further fault.
  void check_ends() {
    edge_starts_.push_back(edges_.size());
    const size_t count = parents_.size();
    std::vector<size_t> starts(count + 1, 0);
    for (const uint32_t to : edges_) ++starts[to + 1];
    for (size_t i = 1; i <= count; ++i) starts[i] += starts[i - 1];
    std::vector<uint32_t> sources(edges_.size());
    std::vector<size_t> filled(starts.begin(), starts.end() - 1);
    for (uint32_t from = 0; from < count; ++from) {
      for (size_t i = edge_starts_[from]; i < edge_starts_[from + 1]; ++i) {
        sources[filled[edges_[i]]++] = from;
      }
    }
    std::vector<bool> ends_well(good_);
    std::vector<uint32_t> work;
    for (uint32_t i = 0; i < count; ++i) {
      if (good_[i]) work.push_back(i);
    }
    while (!work.empty()) {
      const uint32_t to = work.back();
      work.pop_back();
      for (size_t i = starts[to]; i < starts[to + 1]; ++i) {
        if (ends_well[sources[i]]) continue;
        ends_well[sources[i]] = true;
        work.push_back(sources[i]);
      }
    }
    const auto lost = std::find(ends_well.begin(), ends_well.end(), false);
    if (lost == ends_well.end()) return;
    report_.violated = kNoGoodEnd;
    report_.complete = false;
    report_.trace = trace_to(static_cast<uint32_t>(lost - ends_well.begin()));
  }

  // Plays the moves again, for their words.
  std::vector<std::string> trace_to(uint32_t number) {
    std::vector<uint32_t> moves;
    for (uint32_t at = number; parents_[at].state != kNone; at = parents_[at].state) {
      moves.push_back(parents_[at].move);
    }
    std::vector<std::string> words;
    State state = model_.initial();
    for (auto chosen = moves.rbegin(); chosen != moves.rend(); ++chosen) {
      uint32_t move = 0;
      std::optional<State> next;
      model_.successors(state, [&](State candidate, bool fault, const auto& label) {
        if (move++ != *chosen) return;
        words.push_back((fault ? "! " : "  ") + label());
        next = std::move(candidate);
      });
      BOOKSTORE_CHECK(next.has_value(), "successors() does not repeat itself");
      state = std::move(*next);
    }
    return words;
  }

  Model& model_;
  const Bounds bounds_;
  Report report_;
  std::chrono::steady_clock::time_point started_;
  std::string bytes_;
  SeenStates seen_;
  std::vector<Parent> parents_;  // by number, in the order of discovery
  std::vector<bool> good_;
  std::vector<State> next_;
  size_t expanded_ = 0;
  std::vector<size_t> edge_starts_;  // of what leaves each expanded state, without faults
  std::vector<uint32_t> edges_;
};

}  // namespace bookstore::models
