#pragma once

#include <string>
#include <vector>

namespace bookstore::cli {

// Runs a program with BOOKSTORE_TEST_DATABASE set to a private PostgreSQL that is made for it and
// goes with it. The exit code is the program's.
int with_database(const std::vector<std::string>& command);

}  // namespace bookstore::cli
