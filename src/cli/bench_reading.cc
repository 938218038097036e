#include "cli/bench_reading.h"

#include <unistd.h>

#include <charconv>
#include <sstream>

#include "base/status.h"
#include "cli/processes.h"
#include "cli/services.h"
#include "cli/status_file.h"
#include "http/client.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kAnswerMs = 5'000;

constexpr postgres::Statement kUsed{
    "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS commits, "
    "(SELECT sum(xact_commit)::bigint FROM pg_stat_database) AS transactions, "
    "(SELECT wal_sync FROM pg_stat_wal) AS syncs, "
    "(pg_current_wal_insert_lsn() - '0/0')::bigint AS wal_bytes, "
    "(SELECT count(*) FROM sandbox.published_ledger) AS sandbox_rows"};

// A page that does not answer has no values: its service may be restarting.
MetricValues read_metrics(uint16_t port, const base::Clock& clock) {
  http::Client client("127.0.0.1", port, clock);
  const auto page =
      client.request("GET", "/metrics", {}, "", base::Deadline::after(clock, kAnswerMs));
  return page.ok() && page->status == 200 ? parse_metrics(page->body) : MetricValues();
}

absl::StatusOr<PlatformReading::Database> read_database(postgres::Pool& pool,
                                                        const base::Clock& clock) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows,
                             pool.query(kUsed, {}, base::Deadline::after(clock, kAnswerMs)));
  const postgres::Row row = rows[0];
  return PlatformReading::Database{row.int64("commits"), row.int64("transactions"),
                                   row.int64("syncs"), row.int64("wal_bytes"),
                                   row.int64("sandbox_rows")};
}

}  // namespace

MetricValues parse_metrics(const std::string& text) {
  MetricValues values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    values[line.substr(0, space)] = value;
  }
  return values;
}

double sum_of(const MetricValues& values, const std::string& name) {
  double sum = 0;
  for (const auto& [metric, value] : values) {
    if (metric == name || metric.starts_with(name + "{")) sum += value;
  }
  return sum;
}

absl::StatusOr<PlatformReading> read_platform(const StateDir& state, const Endpoints& endpoints,
                                              postgres::Pool& pool, const base::Clock& clock) {
  PlatformReading reading;
  BOOKSTORE_ASSIGN_OR_RETURN(reading.database, read_database(pool, clock));
  BOOKSTORE_ASSIGN_OR_RETURN(const PlatformStatus status, read_status_file(state.status()));
  for (const ServiceView& view : status.services) {
    if (view.pid > 0)
      reading.services[view.name] = {
          view.pid, cpu_time_ms(view.pid), proportional_memory(view.pid), {}};
  }
  for (const auto& group : service_groups(endpoints.orchestrators)) {
    for (const ServiceName& service : group)
      reading.services[service.name].metrics =
          read_metrics(readiness_port(service, endpoints), clock);
  }
  // Not our descendants: with a platform of our own those are the services.
  reading.services["bench"] = {getpid(), own_cpu_time_ms(), own_memory_bytes(), {}};
  return reading;
}

}  // namespace bookstore::cli
