#include "base/status.h"
#include "cli/commands.h"
#include "cli/import.h"

namespace bookstore::cli {
namespace {

// More are counted, not listed.
constexpr size_t kBadShownMax = 50;

void tell(const ImportReport& report, const std::filesystem::path& file, Console& console) {
  const size_t shown = std::min(report.bad.size(), kBadShownMax);
  for (size_t i = 0; i < shown; ++i)
    console.line(file.string() + ":" + std::to_string(report.bad[i].line) + ": " +
                 report.bad[i].reason);
  if (report.bad.size() > shown)
    console.line("and " + std::to_string(report.bad.size() - shown) + " more");
  console.line(std::to_string(report.inserted) + " new, " + std::to_string(report.changed) +
               " changed, " + std::to_string(report.unchanged) + " as they were, " +
               std::to_string(report.bad.size()) + " bad; stock of " +
               std::to_string(report.stock_changed) + " changed");
}

absl::StatusOr<std::string> database_url(const std::filesystem::path& state,
                                         const std::string& database) {
  if (!database.empty()) return database;
  BOOKSTORE_ASSIGN_OR_RETURN(const Endpoints endpoints, running_endpoints(StateDir(state)));
  return endpoints.database;
}

}  // namespace

int import_file(const std::filesystem::path& state, const std::string& database,
                const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text.ok()) return fail(text.status());
  const auto url = database_url(state, database);
  if (!url.ok()) return fail(url.status());
  const base::SystemClock clock;
  postgres::Pool pool({.conninfo = *url, .connections_max = 1}, clock);
  Console console(stdout);
  const auto report = import_csv(
      *text, pool, clock, [&console](const Progress& progress) { console.progress(progress); });
  if (!report.ok()) return fail(file.string() + ": " + base::str(report.status().message()));
  tell(*report, file, console);
  return report->bad.empty() ? 0 : 1;
}

}  // namespace bookstore::cli
