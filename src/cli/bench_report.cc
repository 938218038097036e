#include "cli/bench_report.h"

#include <algorithm>
#include <cstdio>

#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr char kServed[] = "bookstore_rpc_served_total";
constexpr double kCommitsMax = 6;
constexpr double kRpcsMax = 13;

using Reading = PlatformReading;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}
std::string ms(int64_t us) {
  return fixed(static_cast<double>(us) / 1'000.0, 1) + " ms";
}

// A service that was started anew in between counts from its start.
double cpu_ms(const BenchReport& report, const std::string& service) {
  const Reading::Service& after = report.after.services.at(service);
  const auto before = report.before.services.find(service);
  const bool same = before != report.before.services.end() && before->second.pid == after.pid;
  return static_cast<double>(after.cpu_ms - (same ? before->second.cpu_ms : 0));
}

// By how much a metric grew over the run, all services together.
double growth(const BenchReport& report, const std::string& name) {
  double sum = 0;
  for (const auto& [service, after] : report.after.services) {
    const auto before = report.before.services.find(service);
    const bool same = before != report.before.services.end() && before->second.pid == after.pid;
    sum += sum_of(after.metrics, name) - (same ? sum_of(before->second.metrics, name) : 0);
  }
  return sum;
}

// Calls served by method; long polls and questions about the index belong to no order.
std::map<std::string, double> calls(const BenchReport& report) {
  std::map<std::string, double> by_method;
  for (const auto& [service, after] : report.after.services) {
    for (const auto& [metric, value] : after.metrics) {
      if (!metric.starts_with(kServed)) continue;
      const auto before = report.before.services.find(service);
      double grown = value;
      if (before != report.before.services.end() && before->second.pid == after.pid &&
          before->second.metrics.contains(metric))
        grown -= before->second.metrics.at(metric);
      const size_t from = metric.find("method=\"") + 8;
      by_method[service + "." + metric.substr(from, metric.find('"', from) - from)] += grown;
    }
  }
  return by_method;
}

bool about_no_order(const std::string& method) {
  return method.ends_with(".WatchTransitions") || method.ends_with(".IndexStatus") ||
         method.ends_with(".Status");
}

json::Object quantiles(const LatencyHistogram& histogram) {
  const auto at = [&](double fraction) {
    return static_cast<double>(histogram.quantile_us(fraction)) / 1'000.0;
  };
  return {{"count", histogram.count()}, {"p50_ms", at(0.5)},    {"p90_ms", at(0.9)},
          {"p99_ms", at(0.99)},         {"p999_ms", at(0.999)}, {"max_ms", at(1)}};
}

std::vector<Cell> quantile_row(const std::string& name, const LatencyHistogram& histogram) {
  std::vector<Cell> row = {{name}};
  for (const double fraction : {0.5, 0.9, 0.99, 0.999, 1.0})
    row.push_back({ms(histogram.quantile_us(fraction))});
  return row;
}

void tell_processes(const BenchReport& report, Console& console) {
  std::vector<std::vector<Cell>> rows;
  double total_ms = 0;
  for (const auto& [name, service] : report.after.services) {
    const double used_ms = cpu_ms(report, name);
    total_ms += used_ms;
    const auto before = report.before.services.find(name);
    const bool same = before != report.before.services.end() && before->second.pid == service.pid;
    rows.push_back(
        {{name + (same ? "" : " (restarted)")},
         {fixed(used_ms / 1'000.0, 2) + " s"},
         {fixed(used_ms / static_cast<double>(std::max<uint64_t>(1, report.accepted)), 3) + " ms"},
         {format_bytes(service.memory_bytes)}});
  }
  rows.push_back(
      {{"together", Colour::kBold},
       {fixed(total_ms / 1'000.0, 2) + " s"},
       {fixed(total_ms / static_cast<double>(std::max<uint64_t>(1, report.accepted)), 3) + " ms"},
       {""}});
  console.table({"process", "CPU", "CPU an order", "memory (PSS)"}, rows);
}

void tell_costs(const BenchReport& report, Console& console) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& [name, cost] : costs_per_order(report)) {
    const bool over =
        (name == "database commits" && cost > kCommitsMax) || (name == "RPCs" && cost > kRpcsMax);
    rows.push_back({{name}, {fixed(cost, 2), over ? Colour::kRed : Colour::kPlain}});
  }
  console.table({"cost an order", ""}, rows);
}

}  // namespace

std::map<std::string, double> costs_per_order(const BenchReport& report) {
  std::map<std::string, double> costs;
  const double orders = static_cast<double>(std::max<uint64_t>(1, report.accepted));
  const auto& before = report.before.database;
  const auto& after = report.after.database;
  const auto per_order = [&](int64_t from, int64_t to) {
    return static_cast<double>(to - from) / orders;
  };
  const double sandbox = per_order(before.sandbox_rows, after.sandbox_rows);
  costs["database commits"] = per_order(before.commits, after.commits) - sandbox;
  costs["database commits of the sandbox provider"] = sandbox;
  costs["database transactions, with those that read"] =
      per_order(before.transactions, after.transactions);
  costs["fsyncs of PostgreSQL"] = per_order(before.syncs, after.syncs);
  costs["fsyncs of the executor's log"] =
      growth(report, "bookstore_executor_log_batches_total") / orders;
  costs["kB of PostgreSQL's log"] = per_order(before.wal_bytes, after.wal_bytes) / 1'000.0;
  double rpcs = 0, others = 0;
  for (const auto& [method, count] : calls(report))
    (about_no_order(method) ? others : rpcs) += count;
  costs["RPCs"] = rpcs / orders;
  costs["RPCs about no order (long polls)"] = others / orders;
  return costs;
}

void tell(const BenchReport& report, Console& console) {
  console.table(
      {"from the intended start", "p50", "p90", "p99", "p99.9", "max"},
      {quantile_row("to the answer", report.post), quantile_row("to the end", report.completion)});
  std::vector<std::vector<Cell>> counts;
  for (const auto& [answer, count] : report.answers)
    counts.push_back({{"answered " + answer}, {std::to_string(count)}});
  for (const auto& [end, count] : report.ends)
    counts.push_back({{"ended " + end}, {std::to_string(count)}});
  if (!report.never_ended.empty())
    counts.push_back({{"accepted and never ended", Colour::kRed},
                      {std::to_string(report.never_ended.size()), Colour::kRed}});
  console.table({"orders", ""}, counts);
  tell_processes(report, console);
  tell_costs(report, console);
  console.line(fixed(report.rate_per_s, 1) + "/s for " + fixed(report.load_s, 0) +
               " s: " + fixed(report.accepted_per_s(), 1) + "/s accepted, " +
               fixed(report.completed_per_s(), 1) + "/s completed, the last " +
               fixed(report.drain_s, 2) + " s after the last start; " +
               std::to_string(report.connections) + " connections, " +
               std::to_string(report.books) + " books");
  console.line(report.audit.ok() ? "every invariant holds" : "BROKEN: " + report.audit.to_string());
}

json::Object to_json(const BenchReport& report) {
  json::Object answers, ends, processes, costs, methods;
  for (const auto& [answer, count] : report.answers) answers[answer] = count;
  for (const auto& [end, count] : report.ends) ends[end] = count;
  for (const auto& [name, service] : report.after.services)
    processes[name] =
        json::Object{{"cpu_ms", cpu_ms(report, name)}, {"memory_bytes", service.memory_bytes}};
  for (const auto& [name, cost] : costs_per_order(report)) costs[name] = cost;
  const double orders = static_cast<double>(std::max<uint64_t>(1, report.accepted));
  for (const auto& [method, count] : calls(report)) methods[method] = count / orders;
  json::Array never_ended;
  for (const std::string& id : report.never_ended) never_ended.emplace_back(id);
  return {{"rate_per_s", report.rate_per_s},
          {"load_s", report.load_s},
          {"doors", report.doors},
          {"connections", report.connections},
          {"books", report.books},
          {"posted", report.posted},
          {"accepted", report.accepted},
          {"accepted_per_s", report.accepted_per_s()},
          {"completed_per_s", report.completed_per_s()},
          {"drain_s", report.drain_s},
          {"answers", std::move(answers)},
          {"ends", std::move(ends)},
          {"never_ended", std::move(never_ended)},
          {"post", quantiles(report.post)},
          {"completion", quantiles(report.completion)},
          {"processes", std::move(processes)},
          {"costs_per_order", std::move(costs)},
          {"calls_per_order", std::move(methods)},
          {"audit", report.audit.to_json()}};
}

}  // namespace bookstore::cli
