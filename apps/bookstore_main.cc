// The binary behind ./bookstore's commands.
#include "cli/cli.h"

int main(int argc, char** argv) {
  return bookstore::cli::run(argc, argv);
}
