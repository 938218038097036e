#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/crash_point.h"

// Which crashes the suite tries: every point with every course of an order that passes it.
namespace bookstore::crash_points {

// How an order goes when nothing crashes.
enum class Scenario {
  kCompleted,
  kDeclined,      // the provider refuses to authorise: failed
  kRefusedStock,  // more than there is: failed
  kRefusedCard,   // at tokenise: 422
  kApproved,      // in review, then approved: completed
  kRejected,      // in review, then declined: rejected
  kAborted,       // undecided, because inventory is away; an operator aborts it: failed
  kGivenUp,       // parked, because the capture is refused; retried; parked again; aborted: failed
  kNoLeader,      // first no executor, then one: the key is freed, the next try completes
};
inline constexpr std::array kScenarios = {
    Scenario::kCompleted,   Scenario::kDeclined, Scenario::kRefusedStock,
    Scenario::kRefusedCard, Scenario::kApproved, Scenario::kRejected,
    Scenario::kAborted,     Scenario::kGivenUp,  Scenario::kNoLeader};
std::string_view name_of(Scenario scenario);
struct Case {
  base::CrashPoint point;
  Scenario scenario;
  std::vector<base::CrashPoint> lead_in;  // crashes that must come first for the point to be passed

  std::string name() const;  // "claim.before/completed"
  std::string plan() const;  // what the crash switch reads
};

// In the order of the registry.
std::vector<Case> all_cases();

// What the environment asks for: BOOKSTORE_CRASH_ONLY=POINT/SCENARIO (or POINT, or a list of
// either with commas), else with BOOKSTORE_SLICE=SEED a few of all, else all.
std::vector<Case> chosen_cases();
bool whole_run();
// `count` of the cases, each process among them, chosen by the seed.
std::vector<Case> slice(const std::vector<Case>& cases, std::string_view seed, size_t count);

}  // namespace bookstore::crash_points
