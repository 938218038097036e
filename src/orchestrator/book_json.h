#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalogue/store.h"
#include "contracts/methods.h"
#include "json/fwd.h"

namespace bookstore::orchestrator {

// A book as the API shows it. `available` is what can be sold now; empty when that is not known.
json::Object book_json(const catalogue::Book& book, std::optional<int64_t> available);
std::string book_path(const std::string& book_id);

json::Object suggestion_json(const contracts::suggestions::Suggestion& suggestion);

}  // namespace bookstore::orchestrator
