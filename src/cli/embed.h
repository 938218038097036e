#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bookstore::cli {

// Prints each text's vector as one line of JSON, with the inner products (cosines) of all pairs
// after them when there is more than one text.
int embed(const std::filesystem::path& model, bool own_model,
          const std::vector<std::string>& texts);

}  // namespace bookstore::cli
