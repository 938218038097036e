#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/bench.h"
#include "cli/chaos.h"
#include "cli/commands.h"
#include "cli/demo.h"
#include "cli/embed.h"
#include "cli/services.h"
#include "cli/with_database.h"

namespace bookstore::cli {
namespace {

using ExitCode = std::shared_ptr<int>;

void add_state(CLI::App& command, std::filesystem::path& state) {
  command.add_option("--state", state, "where the platform keeps its data")
      ->capture_default_str()
      ->type_name("DIR");
}

void add_up(CLI::App& app, const ExitCode& exit_code) {
  auto options = std::make_shared<PlatformOptions>();
  auto detach = std::make_shared<bool>(false);
  CLI::App* const command =
      app.add_subcommand("up", "Start the whole platform and print its URLs. Ctrl-C stops it.");
  add_state(*command, options->state);
  command->add_flag("--detach", *detach, "return as soon as everything is ready");
  command->add_option("--http", options->http_port, "the REST port")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535))
      ->type_name("PORT");
  command->add_option("--orchestrators", options->orchestrators, "how many serve the REST API")
      ->capture_default_str()
      ->check(CLI::Range(1, kOrchestratorsMax))
      ->type_name("N");
  command
      ->add_option("--database", options->database,
                   "use this PostgreSQL (libpq URL) instead of a private one")
      ->type_name("URL");
  command->add_option("--model", options->model, "a sentence-transformers folder")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--own-model", options->own_model, "the model is not the pinned one");
  command->callback([=] {
    options->default_state = command->count("--state") == 0;
    *exit_code = up(*options, *detach);
  });
  command->footer(
      "A second platform runs beside the first with another --state and --http; its other ports\n"
      "are chosen free and written to DIR/endpoints.json.\n"
      "Several orchestrators take the ports from --http on; orders, keys and waits are shared, so\n"
      "a shopper may go on at any of them.");
}

void add_down(CLI::App& app, const ExitCode& exit_code) {
  auto state = std::make_shared<std::filesystem::path>("var");
  CLI::App* const command = app.add_subcommand("down", "Stop the platform cleanly.");
  add_state(*command, *state);
  command->callback([=] { *exit_code = down(*state); });
}

void add_status(CLI::App& app, const ExitCode& exit_code) {
  auto state = std::make_shared<std::filesystem::path>("var");
  auto as_json = std::make_shared<bool>(false);
  CLI::App* const command =
      app.add_subcommand("status", "What runs, where, for how long, with how much memory.");
  add_state(*command, *state);
  command->add_flag("--json", *as_json, "for programs");
  command->callback([=] { *exit_code = status(*state, *as_json); });
  command->footer("Exit code 0 when everything is ready, 1 otherwise.");
}

void add_logs(CLI::App& app, const ExitCode& exit_code) {
  auto options = std::make_shared<LogsOptions>();
  options->state = "var";
  CLI::App* const command = app.add_subcommand("logs", "What the services say.");
  command->add_option("service", options->service, "one service alone; 'status' lists them");
  add_state(*command, options->state);
  command->add_flag("-f,--follow", options->follow, "go on as they speak, until Ctrl-C");
  command->add_option("-n,--lines", options->lines, "how many of the last lines to show first")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  command->callback([=] { *exit_code = logs(*options); });
}

void add_import(CLI::App& app, const ExitCode& exit_code) {
  auto state = std::make_shared<std::filesystem::path>("var");
  auto database = std::make_shared<std::string>();
  auto file = std::make_shared<std::filesystem::path>();
  CLI::App* const command = app.add_subcommand(
      "import", "Insert or update books by id from a CSV file like data/catalogue.csv.");
  command->add_option("file", *file, "the CSV file")->required()->type_name("FILE.csv");
  add_state(*command, *state);
  command->add_option("--database", *database, "load into this PostgreSQL (libpq URL)")
      ->type_name("URL");
  command->callback([=] { *exit_code = import_file(*state, *database, *file); });
  command->footer(
      "Bad rows are reported with their line number and the rest goes in; the exit code is then "
      "1.\n"
      "The column stock is the initial quantity: a new book gets it, a changed value adds the\n"
      "difference, an equal one does nothing, so importing a file twice changes nothing.");
}

void add_demo(CLI::App& app, const ExitCode& exit_code) {
  auto state = std::make_shared<std::filesystem::path>("var");
  CLI::App* const command = app.add_subcommand(
      "demo", "Place seven orders; compare what comes of them with what should.");
  add_state(*command, *state);
  command->callback([=] { *exit_code = demo(*state); });
  command->footer("It changes the shop as real orders do, and can be run again and again.");
}

void add_audit(CLI::App& app, const ExitCode& exit_code) {
  auto options = std::make_shared<AuditOptions>();
  options->state = "var";
  CLI::App* const command = app.add_subcommand(
      "audit", "Do orders, stock, payments and the provider's ledger agree? Names what does not.");
  add_state(*command, options->state);
  command->add_option("--database", options->database, "look into this PostgreSQL (libpq URL)")
      ->type_name("URL");
  command->add_option("--wait", options->wait_s, "first wait this long for orders under way to end")
      ->capture_default_str()
      ->check(CLI::Range(0, 3'600))
      ->type_name("SECONDS");
  command->add_flag("--json", options->as_json, "for programs");
  command->callback([=] { *exit_code = audit_command(*options); });
  command->footer(
      "Every order ended or is parked with a reason; free + held + sold = initial, and both are\n"
      "what the orders say; captures at the provider = completed orders, with their totals; no\n"
      "authorisation is left of an order that ended otherwise; our ledger is the provider's; no\n"
      "fence was lowered. Exit code 0 when all of it holds, 2 when not, 1 when nobody could look.");
}

void add_bench_checkout(CLI::App& bench, const ExitCode& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* const command =
      bench.add_subcommand("checkout", "Post orders at a steady rate and measure what they take.");
  add_state(*command, options->state);
  command->add_option("--rate", options->rate_per_s, "orders a second, started on time")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 100'000.0))
      ->type_name("R");
  command->add_option("--seconds", options->load_s, "for how long")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400))
      ->type_name("S");
  command->add_option("--warm-up", options->warm_up_s, "seconds before it that are not measured")
      ->capture_default_str()
      ->check(CLI::Range(0, 3'600))
      ->type_name("S");
  command
      ->add_option("--orchestrators-urls", options->doors,
                   "where to post, in turn (default: every orchestrator of the platform)")
      ->delimiter(',')
      ->type_name("URL,…");
  command->add_option("--connections", options->connections_max, "at most as many at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command->add_option("--seed", options->seed, "decides which books are ordered")
      ->capture_default_str();
  command->add_option("--model", options->model, "for a platform of its own, if none runs")
      ->type_name("DIR");
  command->add_flag("--own-model", options->own_model, "the model is not the pinned one");
  command->add_flag("--json", options->as_json, "for programs; progress goes to stderr");
  command->callback([=] { *exit_code = bench_checkout(*options); });
  command->footer(
      "Every order has its intended start and its time counts from there, so a platform that\n"
      "stalls is charged with all orders of the stall. Each is a shopper who was never here, "
      "buying\n"
      "one copy; books that are short are restocked as an import does. Ends are read from the "
      "order\n"
      "rows, five times a second. Without a running platform in --state, one is started in a\n"
      "temporary folder. Exit code 0: measured, and every invariant holds; 2: one is broken.");
}

void add_chaos(CLI::App& app, const ExitCode& exit_code) {
  auto options = std::make_shared<ChaosOptions>();
  CLI::App* const command = app.add_subcommand(
      "chaos", "Kill -9 every process in turn under load, and count what went wrong.");
  command->add_option("--rounds", options->rounds, "how often each dies")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  command->add_option("--rate", options->rate_per_s, "orders a second, started on time")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 10'000.0))
      ->type_name("R");
  command->add_option("--orchestrators", options->orchestrators, "how many doors")
      ->capture_default_str()
      ->check(CLI::Range(1, kOrchestratorsMax));
  command
      ->add_option("--processes", options->processes,
                   "who dies, in this order (default: all, then the database and the supervisor)")
      ->delimiter(',')
      ->type_name("NAME,…");
  command->add_option("--model", options->model, "a sentence-transformers folder")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--own-model", options->own_model, "the model is not the pinned one");
  command->add_flag("--keep", options->keep, "leave the platform's folder, also when all is well");
  command->add_flag("--json", options->as_json, "for programs; progress goes to stderr");
  command->callback([=] { *exit_code = chaos(*options); });
  command->footer(
      "It starts a platform of its own on free ports and never touches another. Clients repeat\n"
      "their request with the same key until it is answered; when all has come to rest, every\n"
      "accepted order must have ended, completed orders must be the captures of the provider's\n"
      "ledger, and nothing may be held. Exit code 0: so it is; 2: it is not, and the platform's\n"
      "folder stays for a look.");
}

void add_bench(CLI::App& app, const ExitCode& exit_code) {
  CLI::App* const command = app.add_subcommand("bench", "Measure a platform.");
  command->require_subcommand(1);
  add_bench_checkout(*command, exit_code);
}

void add_embed(CLI::App& app, const ExitCode& exit_code) {
  auto model = std::make_shared<std::filesystem::path>();
  auto own_model = std::make_shared<bool>(false);
  auto texts = std::make_shared<std::vector<std::string>>();
  CLI::App* const command =
      app.add_subcommand("embed", "Print the vectors of texts, and how near they are.");
  command->add_option("text", *texts, "one or more texts")->required()->type_name("TEXT…");
  command->add_option("--model", *model, "a sentence-transformers folder")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command->add_flag("--own-model", *own_model, "the model is not the pinned one");
  command->callback([=] { *exit_code = embed(*model, *own_model, *texts); });
}

void add_with_database(CLI::App& app, const ExitCode& exit_code) {
  auto program = std::make_shared<std::vector<std::string>>();
  CLI::App* const command =
      app.add_subcommand("with-database", "Run a program beside a throw-away PostgreSQL.");
  command->add_option("program", *program, "the program and its arguments, after --")->required();
  command->callback([=] { *exit_code = with_database(*program); });
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app("Bookstore's command line; './bookstore help' is shorter.", "bookstore");
  app.require_subcommand(1);
  const auto exit_code = std::make_shared<int>(0);
  add_up(app, exit_code);
  add_down(app, exit_code);
  add_status(app, exit_code);
  add_logs(app, exit_code);
  add_import(app, exit_code);
  add_demo(app, exit_code);
  add_audit(app, exit_code);
  add_bench(app, exit_code);
  add_chaos(app, exit_code);
  add_embed(app, exit_code);
  add_with_database(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return *exit_code;
}

}  // namespace bookstore::cli
