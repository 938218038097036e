#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "catalogue/store.h"
#include "cli/text.h"
#include "postgres/pool.h"

namespace bookstore::cli {

struct BadLine {
  size_t line = 0;
  std::string reason;  // "price_minor: …"
};

struct ImportReport {
  int64_t inserted = 0;
  int64_t changed = 0;
  int64_t unchanged = 0;
  int64_t stock_changed = 0;  // rows of the stock that were made or moved
  std::vector<BadLine> bad;   // in the order of the file
};

struct ImportedBooks {
  catalogue::UpsertReport books;
  int64_t stock_changed = 0;
};
// Books, each id once, and their stock in one transaction: no reader meets a book without stock.
absl::StatusOr<ImportedBooks> import_books(std::span<const catalogue::Book> books,
                                           postgres::Pool& pool, base::Deadline deadline);

// Loads the text of a CSV file with the catalogue's header. Rows go in by id, in batches: books and
// their stock in one transaction each, so that nothing is half-loaded and no reader meets a book
// without stock. Bad rows are reported and the rest goes on; a second row with an id of the same
// file is bad. `progress` is told rows read of rows there, estimated until the end.
absl::StatusOr<ImportReport> import_csv(std::string_view text, postgres::Pool& pool,
                                        const base::Clock& clock,
                                        const std::function<void(const Progress&)>& progress);

}  // namespace bookstore::cli
