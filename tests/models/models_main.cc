// Explores the commit protocol, or shows that each broken rule is found out.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/models/checkout_model.h"
#include "tests/models/explorer.h"
#include "tests/models/scopes.h"

namespace bookstore::models {
namespace {

constexpr char kHelp[] =
    "checkout_models [--scope NAME] [--slice] [--mutants] [--mutant NUMBER] [--seconds S] "
    "[--list]\n"
    "  Explores every state of the commit protocol (docs/adr/0011) in each scope and prints how\n"
    "  many there were. A broken property is printed with a shortest way to it; moves of the "
    "world\n"
    "  against us are marked with '!'.\n"
    "  --scope NAME    one scope (--list names them)\n"
    "  --slice         the scopes that CI explores\n"
    "  --mutants       breaks one rule at a time instead; each must be found out\n"
    "  --mutant N      one of them, with its trace\n"
    "  --seconds S     at most, for each scope (default 600)\n"
    "  Exit: 0 all well, 1 a property is broken or a mutant not caught, 2 wrong usage\n";

struct Options {
  std::string_view scope;
  bool slice = false;
  bool mutants = false;
  int mutant = -1;
  double seconds = 600;
};

void print_trace(const Report& report) {
  for (const std::string& line : report.trace) std::printf("    %s\n", line.c_str());
}

Report explore(const Scope& scope, const Options& options) {
  CheckoutModel model(scope);
  return Explorer(model, {.seconds_max = options.seconds}).run();
}

bool run_scopes(const Options& options) {
  bool well = true;
  std::printf("%-11s %11s %12s %6s %8s %9s  %s\n", "scope", "states", "transitions", "depth",
              "seconds", "complete", "verdict");
  for (const Scenario& scenario : scenarios()) {
    if (!options.scope.empty() && scenario.scope.name != options.scope) continue;
    if (options.slice && !scenario.in_slice) continue;
    if (options.scope.empty() && scenario.for_mutants) continue;
    const Report report = explore(scenario.scope, options);
    const bool fine = report.complete && report.violated.empty();
    std::printf("%-11s %11zu %12zu %6zu %8.1f %9s  %s\n", scenario.scope.name.data(), report.states,
                report.transitions, report.depth, report.seconds, report.complete ? "yes" : "no",
                fine                      ? "every property holds"
                : report.violated.empty() ? "stopped by a bound"
                                          : report.violated.c_str());
    print_trace(report);
    std::fflush(stdout);
    well = well && fine;
  }
  return well;
}

Scope scope_named(std::string_view name) {
  for (const Scenario& scenario : scenarios()) {
    if (scenario.scope.name == name) return scenario.scope;
  }
  BOOKSTORE_CHECK(false, "no scope ", base::absl_view(name));
}

bool run_mutants(const Options& options) {
  bool all_caught = true;
  std::printf("%2s  %-52s %-10s %5s %9s  %s\n", "", "mutant", "scope", "trace", "states",
              "property that found it");
  int number = 0;
  for (const MutantCase& mutant : mutants()) {
    ++number;
    if (options.mutant >= 0 && options.mutant != number) continue;
    Scope scope = scope_named(mutant.scope);
    scope.mutant = mutant.mutant;
    const Report report = explore(scope, options);
    const bool caught = !report.trace.empty();
    std::printf("%2d  %-52s %-10s %5zu %9zu  %s\n", number, mutant.name.data(), scope.name.data(),
                report.trace.size(), report.states,
                caught ? report.violated.c_str() : "NOT CAUGHT");
    if (options.mutant >= 0) print_trace(report);
    std::fflush(stdout);
    all_caught = all_caught && caught;
  }
  return all_caught;
}

int list() {
  for (const Scenario& scenario : scenarios()) {
    std::printf("%-11s %s\n", scenario.scope.name.data(), scenario.scope.says.data());
  }
  return 0;
}

int refuse(std::string_view argument) {
  std::fprintf(stderr, "checkout_models: %.*s: not understood\n%s",
               static_cast<int>(argument.size()), argument.data(), kHelp);
  return 2;
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--help") return std::fputs(kHelp, stdout) < 0;
    if (argument == "--list") return list();
    if (argument == "--slice") {
      options.slice = true;
    } else if (argument == "--mutants") {
      options.mutants = true;
    } else if (argument == "--scope" && *value != '\0') {
      options.scope = argv[++i];
    } else if (argument == "--mutant" && absl::SimpleAtoi(value, &options.mutant)) {
      ++i;
    } else if (argument == "--seconds" && absl::SimpleAtod(value, &options.seconds)) {
      ++i;
    } else {
      return refuse(argument);
    }
  }
  const bool mutants = options.mutants || options.mutant >= 0;
  return (mutants ? run_mutants(options) : run_scopes(options)) ? 0 : 1;
}

}  // namespace
}  // namespace bookstore::models

int main(int argc, char** argv) {
  return bookstore::models::run(argc, argv);
}
