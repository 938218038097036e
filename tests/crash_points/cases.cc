#include "cases.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/random.h"

namespace bookstore::crash_points {
namespace {

using base::CrashPoint;
using base::CrashSide;
using base::DurableWrite;
using enum Scenario;

constexpr size_t kSliceCases = 14;

// Which courses pass a write. A write that only a recovery makes names the crash before it.
struct Reach {
  DurableWrite write;
  std::vector<Scenario> scenarios;
  std::vector<CrashPoint> lead_in = {};
};

std::vector<Reach> reaches() {
  const std::vector<Scenario> all(kScenarios.begin(), kScenarios.end());
  const std::vector<Scenario> captured = {kCompleted, kApproved};
  const std::vector<Scenario> authorised = {kCompleted, kApproved, kDeclined, kGivenUp};
  const std::vector<Scenario> executed = {kCompleted, kDeclined, kRefusedStock,
                                          kApproved,  kAborted,  kGivenUp};
  std::vector<Scenario> submitted = executed;
  submitted.push_back(kNoLeader);
  const std::vector<Scenario> decided_at_once = {kCompleted, kDeclined, kRefusedStock,
                                                 kAborted,   kGivenUp,  kNoLeader};
  const CrashPoint claimed{DurableWrite::kClaim, CrashSide::kAfter};
  const CrashPoint concluded{DurableWrite::kOutcome, CrashSide::kAfter};
  const CrashPoint logged{DurableWrite::kSubmitEntry, CrashSide::kAfter};
  return {
      {DurableWrite::kClaim, all},
      {DurableWrite::kRetake, all, {claimed}},
      {DurableWrite::kVault, all},
      {DurableWrite::kVaultSweep, executed},
      {DurableWrite::kOutcome, all},
      {DurableWrite::kFreeKey, {kNoLeader}},
      {DurableWrite::kReview, {kApproved, kRejected}},
      {DurableWrite::kSubmit, submitted},
      {DurableWrite::kTakeOver, decided_at_once, {concluded}},
      {DurableWrite::kSubmitEntry, submitted},
      // The row follows the log by projection; only an approval and the sweep write it (ADR 9), and
      // here the shopper asks before the sweep does.
      {DurableWrite::kAccept, {kApproved}},
      {DurableWrite::kBeginEntry, executed},
      {DurableWrite::kHold, {kCompleted, kDeclined, kRefusedStock, kApproved, kGivenUp}},
      {DurableWrite::kAuthoriseIntent, authorised},
      {DurableWrite::kAuthorise, authorised},
      {DurableWrite::kAuthorised, authorised},
      {DurableWrite::kDecideEntry, executed},
      {DurableWrite::kCaptureIntent, {kCompleted, kApproved, kGivenUp}},
      {DurableWrite::kCapture, {kCompleted, kApproved, kGivenUp}},
      {DurableWrite::kCaptured, {kCompleted, kApproved, kGivenUp}},
      {DurableWrite::kConsume, captured},
      {DurableWrite::kParkEntry, {kGivenUp}},
      {DurableWrite::kResumeEntry, {kGivenUp}},
      {DurableWrite::kFailEntry, {kGivenUp}},
      {DurableWrite::kVoidIntent, {kAborted, kGivenUp}},
      {DurableWrite::kCancel, {kGivenUp}},
      {DurableWrite::kVoid, {kGivenUp}},
      {DurableWrite::kVoided, {kGivenUp}},
      {DurableWrite::kRelease, {kDeclined, kAborted, kGivenUp}},
      {DurableWrite::kFinishEntry, executed},
      {DurableWrite::kProjection, executed},
      {DurableWrite::kRetireEntry, executed},
      {DurableWrite::kTimeEntry, {kCompleted}},
      {DurableWrite::kLeadEntry, executed, {logged}},
  };
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "claim.before/completed" or "claim.before", several with commas.
bool named_in(const Case& one, std::string_view list) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
    if (name == one.name() || name == base::name_of(one.point)) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(Scenario scenario) {
  switch (scenario) {
    case kCompleted:
      return "completed";
    case kDeclined:
      return "declined";
    case kRefusedStock:
      return "refused_stock";
    case kRefusedCard:
      return "refused_card";
    case kApproved:
      return "approved";
    case kRejected:
      return "rejected";
    case kAborted:
      return "aborted";
    case kGivenUp:
      return "given_up";
    case kNoLeader:
      return "no_leader";
  }
  return "";
}

std::string Case::name() const {
  return base::name_of(point) + "/" + std::string(name_of(scenario));
}

std::string Case::plan() const {
  std::string text = "# " + name() + "\n";
  for (const CrashPoint first : lead_in) text += base::name_of(first) + "\n";
  return text + base::name_of(point) + "\n";
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Reach& reach : reaches()) {
    for (const CrashSide side : {CrashSide::kBefore, CrashSide::kAfter}) {
      for (const Scenario scenario : reach.scenarios)
        cases.push_back({{reach.write, side}, scenario, reach.lead_in});
    }
  }
  return cases;
}

bool whole_run() {
  return environment("BOOKSTORE_CRASH_ONLY").empty() && environment("BOOKSTORE_SLICE").empty();
}

std::vector<Case> chosen_cases() {
  std::vector<Case> cases = all_cases();
  if (const std::string only = environment("BOOKSTORE_CRASH_ONLY"); !only.empty()) {
    std::erase_if(cases, [&](const Case& one) { return !named_in(one, only); });
  } else if (const std::string seed = environment("BOOKSTORE_SLICE"); !seed.empty()) {
    cases = slice(cases, seed, kSliceCases);
  }
  return cases;
}

std::vector<Case> slice(const std::vector<Case>& cases, std::string_view seed, size_t count) {
  uint64_t number = 1469598103934665603u;  // FNV-1a: any spread will do
  for (const char c : seed) number = (number ^ static_cast<unsigned char>(c)) * 1099511628211u;
  base::SeededRandom random(number);
  std::map<std::string_view, std::vector<Case>> by_process;
  for (const Case& one : cases) by_process[info(one.point.write).process].push_back(one);
  std::vector<Case> chosen;
  while (chosen.size() < std::min(count, cases.size())) {
    for (auto& [process, left] : by_process) {
      if (left.empty() || chosen.size() == count) continue;
      const size_t at = random.below(left.size());
      chosen.push_back(left[at]);
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return chosen;
}

}  // namespace bookstore::crash_points
