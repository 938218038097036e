#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "catalogue/book.h"
#include "postgres/pool.h"

namespace bookstore::catalogue {

struct ListedBook {
  Book book;
  int64_t revision = 0;  // of this book; the ETag
};

struct Page {
  std::vector<ListedBook> books;  // by title
  std::string next_cursor;        // empty on the last page
};

// What checkout needs of a book.
struct Price {
  std::string title;
  base::Money price;
};

struct UpsertReport {
  int64_t inserted = 0;
  int64_t changed = 0;
  int64_t unchanged = 0;
};

// Books and prices in PostgreSQL (schema catalogue). Any thread; blocks in the database.
class Store {
 public:
  static constexpr size_t kPageMax = 100;

  explicit Store(postgres::Pool& pool) : pool_(pool) {}

  // `limit` 1..kPageMax. InvalidArgument: a cursor that no page gave.
  absl::StatusOr<Page> list(size_t limit, const std::string& cursor, base::Deadline deadline);
  // NotFound.
  absl::StatusOr<ListedBook> get(const std::string& book_id, base::Deadline deadline);
  // Those that exist, in no particular order.
  absl::StatusOr<std::vector<ListedBook>> get_all(const std::vector<std::string>& book_ids,
                                                  base::Deadline deadline);
  // By id; unknown books are absent.
  absl::StatusOr<std::map<std::string, Price>> prices(const std::vector<std::string>& book_ids,
                                                      base::Deadline deadline);
  // The same question in the caller's batch; read_prices reads the result at the index returned.
  static size_t add_prices(postgres::Batch& batch, const std::vector<std::string>& book_ids);
  static std::map<std::string, Price> read_prices(const postgres::Result& rows);

  // Inserts new books and changes those that differ; equal ones are not touched. Part of the
  // caller's transaction, so that the importer can change the stock in the same one. Listeners of
  // catalogue_changed are told at commit. Ids must differ (CHECKed); one importer works at a time,
  // the next waits: revisions become visible in their order.
  static absl::StatusOr<UpsertReport> upsert(postgres::Transaction& transaction,
                                             std::span<const Book> books);
  // The same in a transaction of its own.
  absl::StatusOr<UpsertReport> upsert(std::span<const Book> books, base::Deadline deadline);

 private:
  postgres::Pool& pool_;
};

}  // namespace bookstore::catalogue
