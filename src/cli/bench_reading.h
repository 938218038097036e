#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "cli/endpoints.h"
#include "cli/state_dir.h"
#include "postgres/pool.h"

namespace bookstore::cli {

// Metric with its labels, as /metrics prints it → value.
using MetricValues = std::map<std::string, double>;
MetricValues parse_metrics(const std::string& text);
// The sum over all whose name is `name`, whatever their labels.
double sum_of(const MetricValues& values, const std::string& name);

// What a platform has used up to a moment; two of them make the cost of what was between.
struct PlatformReading {
  struct Service {
    pid_t pid = -1;
    uint64_t cpu_ms = 0;
    uint64_t memory_bytes = 0;  // PSS, now
    MetricValues metrics;
  };
  struct Database {
    int64_t commits = 0;       // transactions that wrote: transaction ids used
    int64_t transactions = 0;  // all, also those that only read; up to a second late
    int64_t syncs = 0;         // of the write-ahead log; up to a second late
    int64_t wal_bytes = 0;
    int64_t sandbox_rows = 0;  // the sandbox provider commits each alone
  };
  std::map<std::string, Service> services;  // `bench` is this process, `postgres` the server
  Database database;
};

absl::StatusOr<PlatformReading> read_platform(const StateDir& state, const Endpoints& endpoints,
                                              postgres::Pool& pool, const base::Clock& clock);

}  // namespace bookstore::cli
