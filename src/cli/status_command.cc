#include "base/status.h"
#include "cli/commands.h"
#include "cli/endpoints.h"
#include "cli/processes.h"
#include "cli/services.h"
#include "cli/shop.h"
#include "cli/status_file.h"
#include "http/client.h"
#include "json/json.h"
#include "postgres/connection.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kProbeMs = 1'000;

struct Row {
  ServiceView view;
  bool ready = false;
  std::string why_not;  // when it runs and is not ready
  uint64_t memory_bytes = 0;
  std::string address;
};

// "postgresql: connection refused; executor: …" from what /readyz says of its checks.
std::string failed_checks(const std::string& body) {
  const auto document = json::parse(body);
  const json::Object* object = document.ok() ? document->if_object() : nullptr;
  const json::Value* checks = object != nullptr ? object->if_contains("checks") : nullptr;
  if (checks == nullptr || !checks->is_array()) return "it is not ready and does not say why";
  std::string failed;
  for (const json::Value& check : checks->get_array()) {
    const json::Object* entry = check.if_object();
    if (entry == nullptr || !entry->contains("reason")) continue;
    failed +=
        (failed.empty() ? "" : "; ") + text_at(check, "/name") + ": " + text_at(check, "/reason");
  }
  return failed;
}

// Empty: it is ready.
std::string why_not_ready(uint16_t port, const base::Clock& clock) {
  http::Client client("127.0.0.1", port, clock);
  const auto response =
      client.request("GET", "/readyz", {}, "", base::Deadline::after(clock, kProbeMs));
  if (!response.ok()) return "/readyz: " + base::str(response.status().message());
  return response->status == 200 ? "" : failed_checks(response->body);
}

// A server that runs may still recover, or hang.
std::string why_no_database(const std::string& url, const base::Clock& clock) {
  const base::Deadline deadline = base::Deadline::after(clock, kProbeMs);
  const auto connection = postgres::Connection::open(url, clock, deadline);
  if (!connection.ok()) return base::str(connection.status().message());
  return base::str((*connection)->query({"SELECT 1"}, {}, deadline).status().message());
}

std::optional<ServiceName> service_named(const std::string& name, int orchestrators) {
  for (const auto& group : service_groups(orchestrators))
    for (const ServiceName& service : group)
      if (service.name == name) return service;
  return std::nullopt;
}

Row look_at(const ServiceView& view, const Endpoints& endpoints, const base::Clock& clock) {
  Row row{.view = view};
  if (view.pid > 0) row.memory_bytes = proportional_memory(view.pid);
  const std::optional<ServiceName> service = service_named(view.name, endpoints.orchestrators);
  const bool database = !service.has_value();
  row.address = database             ? endpoints.database
                : service->port == 0 ? endpoints.http_url(service->instance)
                                     : endpoints.grpc_address(view.name);
  if (view.state != ServiceState::kRunning) return row;
  row.why_not = database ? why_no_database(endpoints.database, clock)
                         : why_not_ready(readiness_port(*service, endpoints), clock);
  row.ready = row.why_not.empty();
  return row;
}

json::Object to_json(const Row& row) {
  return {{"name", row.view.name},
          {"state", name_of(row.view.state)},
          {"ready", row.ready},
          {"why_not_ready", row.why_not},
          {"pid", row.view.pid},
          {"restarts", row.view.ends},
          {"last_exit", row.view.last_exit},
          {"since", base::format_rfc3339(row.view.since_ms)},
          {"memory_bytes", row.memory_bytes},
          {"address", row.address}};
}

std::vector<Cell> to_cells(const Row& row, base::WallMs now_ms) {
  const bool running = row.view.state == ServiceState::kRunning;
  const std::string state = running && !row.ready ? "not ready"
                            : row.ready           ? "ready"
                                                  : std::string(name_of(row.view.state));
  return {{row.view.name},
          {state, row.ready ? Colour::kGreen : Colour::kRed},
          {row.view.pid > 0 ? std::to_string(row.view.pid) : "-"},
          {format_duration(now_ms - row.view.since_ms)},
          {std::to_string(row.view.ends), row.view.ends > 0 ? Colour::kYellow : Colour::kPlain},
          {format_bytes(row.memory_bytes)},
          {row.address}};
}

}  // namespace

int status(const std::filesystem::path& path, bool as_json) {
  const StateDir state(path);
  const auto endpoints = running_endpoints(state);
  if (!endpoints.ok()) {
    if (!as_json) return fail(endpoints.status());
    std::puts("{\"running\":false}");
    return 1;
  }
  const auto platform = read_status_file(state.status());
  if (!platform.ok()) return fail(platform.status());

  const base::SystemClock clock;
  std::vector<Row> rows;
  for (const ServiceView& view : platform->services)
    rows.push_back(look_at(view, *endpoints, clock));
  // The supervisor and all below it.
  const uint64_t memory_bytes = proportional_memory(platform->supervisor);
  bool ready = true;
  for (const Row& row : rows) ready = ready && row.ready;

  if (as_json) {
    json::Array services;
    for (const Row& row : rows) services.push_back(to_json(row));
    std::puts(json::write(json::Object{{"running", true},
                                       {"ready", ready},
                                       {"pid", platform->supervisor},
                                       {"http", endpoints->http_url()},
                                       {"memory_bytes", memory_bytes},
                                       {"services", services}})
                  .c_str());
    return ready ? 0 : 1;
  }
  Console console(stdout);
  std::vector<std::vector<Cell>> cells;
  for (const Row& row : rows) cells.push_back(to_cells(row, clock.wall_ms()));
  console.table({"service", "state", "pid", "since", "restarts", "memory", "address"}, cells);
  for (const Row& row : rows) {
    if (!row.why_not.empty()) console.line(row.view.name + " is not ready: " + row.why_not);
    if (row.view.ends > 0)
      console.line(row.view.name + " ended last by itself: " + row.view.last_exit);
  }
  console.line("supervisor " + std::to_string(platform->supervisor) + ", " +
               format_bytes(memory_bytes) + " of memory in all (PSS)");
  return ready ? 0 : 1;
}

}  // namespace bookstore::cli
