#pragma once

#include <filesystem>

namespace bookstore::cli {

// Where the binaries lie: the folder of the running program.
std::filesystem::path binary_folder();
// The project: BOOKSTORE_ROOT, which the script sets, else three folders above the binary
// (<root>/build/<preset>/bin).
std::filesystem::path project_root();

}  // namespace bookstore::cli
