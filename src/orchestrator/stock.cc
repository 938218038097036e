#include "orchestrator/stock.h"

#include <algorithm>

namespace bookstore::orchestrator {
namespace {

constexpr postgres::Statement kFree{
    "SELECT book_id, free FROM inventory.published_stock WHERE book_id = ANY($1::text[])"};

}  // namespace

absl::StatusOr<std::map<std::string, int64_t>> read_available(
    postgres::Pool& pool, const std::vector<std::string>& book_ids, base::Deadline deadline) {
  const auto rows = pool.query(kFree, {book_ids}, deadline);
  if (!rows.ok()) return rows.status();
  std::map<std::string, int64_t> available;
  for (const postgres::Row& row : *rows) {
    available[row.text("book_id")] = std::max<int64_t>(0, row.int64("free"));
  }
  return available;
}

}  // namespace bookstore::orchestrator
