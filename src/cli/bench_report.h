#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/audit.h"
#include "cli/bench_reading.h"
#include "cli/console.h"
#include "cli/latency_histogram.h"
#include "json/fwd.h"

namespace bookstore::cli {

// What `bench checkout` found out.
struct BenchReport {
  double rate_per_s = 0;
  double load_s = 0;
  int doors = 0;
  size_t connections = 0;
  size_t books = 0;

  uint64_t posted = 0;
  uint64_t accepted = 0;                    // 202
  uint64_t completed_in_time = 0;           // before the last intended start
  std::map<std::string, uint64_t> answers;  // "202", "503 overloaded", "none" → how many
  std::map<std::string, uint64_t> ends;     // "completed", "failed out_of_stock" → how many
  LatencyHistogram post;                    // from the intended start to the answer
  LatencyHistogram completion;              // from the intended start to the terminal row
  std::vector<std::string> never_ended;     // ids
  double drain_s = 0;                       // from the last intended start to the last end

  PlatformReading before, after;
  AuditReport audit;

  double accepted_per_s() const { return static_cast<double>(accepted) / load_s; }
  double completed_per_s() const { return static_cast<double>(completed_in_time) / load_s; }
  bool ok() const { return audit.ok() && never_ended.empty(); }
};

// The cost of one accepted order, by name; those of the budget (DESIGN §7) among them.
std::map<std::string, double> costs_per_order(const BenchReport& report);

void tell(const BenchReport& report, Console& console);
json::Object to_json(const BenchReport& report);

}  // namespace bookstore::cli
