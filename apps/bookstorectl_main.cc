// bookstorectl: what an operator does to a running platform.
#include "cli/ctl.h"

int main(int argc, char** argv) {
  return bookstore::cli::run_ctl(argc, argv);
}
