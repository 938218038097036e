#include "base/status.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/endpoints.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kLookMs = 60'000;
constexpr int kSomethingIsWrong = 2;

absl::StatusOr<std::string> database_of(const AuditOptions& options) {
  if (!options.database.empty()) return options.database;
  BOOKSTORE_ASSIGN_OR_RETURN(const Endpoints endpoints, running_endpoints(StateDir(options.state)));
  return endpoints.database;
}

absl::StatusOr<AuditReport> look(const AuditOptions& options) {
  BOOKSTORE_ASSIGN_OR_RETURN(const std::string url, database_of(options));
  const base::SystemClock clock;
  postgres::Pool pool({.conninfo = url, .connections_max = 1}, clock);
  if (options.wait_s > 0) {
    BOOKSTORE_RETURN_IF_ERROR(
        wait_for_rest(pool, base::Deadline::after(clock, options.wait_s * 1'000)));
  }
  return audit(pool, base::Deadline::after(clock, kLookMs));
}

void tell(const AuditReport& report) {
  Console console(stdout);
  std::vector<std::vector<Cell>> rows;
  for (const AuditFinding& finding : report.findings) {
    rows.push_back(
        {{finding.name}, {finding.subject}, {finding.expected}, {finding.found, Colour::kRed}});
  }
  if (!rows.empty()) console.table({"invariant", "of", "expected", "found"}, rows);
  std::vector<std::vector<Cell>> figures;
  for (const auto& [name, n] : report.figures) figures.push_back({{name}, {std::to_string(n)}});
  console.table({"figure", ""}, figures);
  console.line(report.ok() ? "every invariant holds"
                           : std::to_string(report.wrong) + " of them broken");
}

}  // namespace

int audit_command(const AuditOptions& options) {
  const auto report = look(options);
  if (!report.ok()) return fail(report.status());
  if (options.as_json) std::puts(json::write(report->to_json()).c_str());
  if (!options.as_json) tell(*report);
  return report->ok() ? 0 : kSomethingIsWrong;
}

}  // namespace bookstore::cli
