#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/with_database.h"

namespace bookstore::cli {

int run(int argc, const char* const* argv) {
  CLI::App app("Bookstore's command line. './bookstore help' lists the commands.", "bookstore");
  app.require_subcommand(1);
  int exit_code = 0;

  std::vector<std::string> program;
  CLI::App* const with =
      app.add_subcommand("with-database", "Run a program beside a throw-away PostgreSQL");
  with->add_option("program", program, "the program and its arguments, after --")->required();
  with->callback([&] { exit_code = with_database(program); });

  CLI11_PARSE(app, argc, argv);
  return exit_code;
}

}  // namespace bookstore::cli
