#pragma once

namespace bookstore::cli {

// The command line of `./bookstore`: parses, runs one command, returns the exit code.
int run(int argc, const char* const* argv);

}  // namespace bookstore::cli
