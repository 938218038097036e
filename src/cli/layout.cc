#include "cli/layout.h"

#include <cstdlib>

namespace bookstore::cli {

std::filesystem::path binary_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

std::filesystem::path project_root() {
  if (const char* root = std::getenv("BOOKSTORE_ROOT"); root != nullptr) return root;
  return binary_folder().parent_path().parent_path().parent_path();
}

}  // namespace bookstore::cli
