#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "catalogue/store.h"
#include "orders/store.h"
#include "postgres/pool.h"

namespace bookstore::checkout {

// What a checkout reads before its claim.
struct Lookup {
  std::optional<orders::KeyRecord> key;            // nothing: nobody used the key yet
  std::map<std::string, catalogue::Price> prices;  // by book; unknown books are absent
};

// Both questions in one round trip and one snapshot: nearly every key is new, so the prices are
// nearly always wanted. Blocks in the database.
absl::StatusOr<Lookup> look_up(postgres::Pool& pool, const orders::Key& key,
                               const std::string& fingerprint,
                               const std::vector<std::string>& book_ids, base::Deadline deadline);

}  // namespace bookstore::checkout
