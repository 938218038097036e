#include "catalogue/store.h"

#include <set>

#include "base/check.h"
#include "base/status.h"

namespace bookstore::catalogue {
namespace {

#define BOOK_COLUMNS                                                          \
  "b.book_id, b.isbn13, b.title, b.authors, b.year, b.language, b.subjects, " \
  "b.description, b.price_minor, b.currency, b.initial_stock, b.revision "

constexpr postgres::Statement kFirstPage{
    "SELECT " BOOK_COLUMNS
    "FROM catalogue.book b "
    "ORDER BY b.title COLLATE \"C\", b.book_id COLLATE \"C\" LIMIT $1"};

constexpr postgres::Statement kNextPage{
    "SELECT " BOOK_COLUMNS
    "FROM catalogue.book b, "
    "(SELECT title, book_id FROM catalogue.book WHERE book_id = $2) last "
    "WHERE (b.title COLLATE \"C\", b.book_id COLLATE \"C\") > "
    "(last.title COLLATE \"C\", last.book_id COLLATE \"C\") "
    "ORDER BY b.title COLLATE \"C\", b.book_id COLLATE \"C\" LIMIT $1"};

constexpr postgres::Statement kGet{"SELECT " BOOK_COLUMNS
                                   "FROM catalogue.book b WHERE b.book_id = ANY($1::text[])"};

constexpr postgres::Statement kPrices{
    "SELECT book_id, title, price_minor, currency FROM catalogue.book "
    "WHERE book_id = ANY($1::text[])"};

// The number is this file's: 'book' in ASCII.
constexpr postgres::Statement kOneImporter{"SELECT pg_advisory_xact_lock(1651470187)"};

constexpr postgres::Statement kUpsert{
    "INSERT INTO catalogue.book AS b "
    "(book_id, isbn13, title, authors, year, language, subjects, description, price_minor, "
    " currency, initial_stock, revision) "
    "SELECT id, nullif(isbn13, ''), title, string_to_array(authors, ';'), year, language, "
    " string_to_array(subjects, ';'), description, price_minor, currency, stock, "
    " nextval('catalogue.book_revision') "
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], "
    " $7::text[], $8::text[], $9::bigint[], $10::text[], $11::bigint[]) "
    " AS row(id, isbn13, title, authors, year, language, subjects, description, price_minor, "
    "  currency, stock) "
    "ON CONFLICT (book_id) DO UPDATE SET "
    " isbn13 = excluded.isbn13, title = excluded.title, authors = excluded.authors, "
    " year = excluded.year, language = excluded.language, subjects = excluded.subjects, "
    " description = excluded.description, price_minor = excluded.price_minor, "
    " currency = excluded.currency, initial_stock = excluded.initial_stock, "
    " revision = excluded.revision, updated_at = now() "
    "WHERE (b.isbn13, b.title, b.authors, b.year, b.language, b.subjects, b.description, "
    "  b.price_minor, b.currency, b.initial_stock) IS DISTINCT FROM "
    " (excluded.isbn13, excluded.title, excluded.authors, excluded.year, excluded.language, "
    "  excluded.subjects, excluded.description, excluded.price_minor, excluded.currency, "
    "  excluded.initial_stock) "
    "RETURNING (b.xmax = 0) AS inserted, b.revision"};

constexpr postgres::Statement kNotify{"SELECT pg_notify('catalogue_changed', $1::text)"};

ListedBook read_book(const postgres::Row& row) {
  ListedBook listed;
  Book& book = listed.book;
  book.id = row.text("book_id");
  book.isbn13 = row.maybe_text("isbn13");
  book.title = row.text("title");
  book.authors = row.texts("authors");
  book.year = static_cast<int32_t>(row.int64("year"));
  book.language = row.text("language");
  book.subjects = row.texts("subjects");
  book.description = row.text("description");
  book.price = {row.text("currency"), row.int64("price_minor")};
  book.initial_stock = row.int64("initial_stock");
  listed.revision = row.int64("revision");
  return listed;
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ';';
    text += item;
  }
  return text;
}

// The columns of kUpsert's arrays.
struct UpsertColumns {
  std::vector<std::string> ids, isbns, titles, authors, languages, subjects, descriptions,
      currencies;
  std::vector<int64_t> years, prices, stocks;

  explicit UpsertColumns(std::span<const Book> books) {
    std::set<std::string_view> seen;
    for (const Book& book : books) {
      BOOKSTORE_CHECK(seen.insert(book.id).second, "twice in one upsert: ", book.id);
      ids.push_back(book.id);
      isbns.push_back(book.isbn13.value_or(""));
      titles.push_back(book.title);
      authors.push_back(join(book.authors));
      years.push_back(book.year);
      languages.push_back(book.language);
      subjects.push_back(join(book.subjects));
      descriptions.push_back(book.description);
      prices.push_back(book.price.minor);
      currencies.push_back(book.price.currency);
      stocks.push_back(book.initial_stock);
    }
  }
  std::vector<postgres::Param> params() const {
    return {ids,      isbns,        titles, authors,    years, languages,
            subjects, descriptions, prices, currencies, stocks};
  }
};

}  // namespace

absl::StatusOr<Page> Store::list(size_t limit, const std::string& cursor, base::Deadline deadline) {
  BOOKSTORE_CHECK(limit >= 1 && limit <= kPageMax, "limit ", limit);
  const auto asked = static_cast<int64_t>(limit + 1);  // one more tells whether a page follows
  auto rows = cursor.empty() ? pool_.query(kFirstPage, {asked}, deadline)
                             : pool_.query(kNextPage, {asked, cursor}, deadline);
  if (!rows.ok()) return rows.status();
  // A cursor was given because something follows it: nothing there means that we never gave it.
  if (!cursor.empty() && rows->empty()) return absl::InvalidArgumentError("unknown cursor");
  Page page;
  for (const postgres::Row& row : *rows) {
    if (page.books.size() == limit) {
      page.next_cursor = page.books.back().book.id;
      break;
    }
    page.books.push_back(read_book(row));
  }
  return page;
}

absl::StatusOr<ListedBook> Store::get(const std::string& book_id, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto books, get_all({book_id}, deadline));
  if (books.empty()) return absl::NotFoundError("no such book");
  return std::move(books.front());
}

absl::StatusOr<std::vector<ListedBook>> Store::get_all(const std::vector<std::string>& book_ids,
                                                       base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kGet, {book_ids}, deadline));
  std::vector<ListedBook> books;
  for (const postgres::Row& row : rows) books.push_back(read_book(row));
  return books;
}

absl::StatusOr<std::map<std::string, Price>> Store::prices(const std::vector<std::string>& book_ids,
                                                           base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kPrices, {book_ids}, deadline));
  return read_prices(rows);
}

size_t Store::add_prices(postgres::Batch& batch, const std::vector<std::string>& book_ids) {
  return batch.add(kPrices, {book_ids});
}

std::map<std::string, Price> Store::read_prices(const postgres::Result& rows) {
  std::map<std::string, Price> prices;
  for (const postgres::Row& row : rows) {
    prices[row.text("book_id")] = {row.text("title"),
                                   {row.text("currency"), row.int64("price_minor")}};
  }
  return prices;
}

absl::StatusOr<UpsertReport> Store::upsert(postgres::Transaction& transaction,
                                           std::span<const Book> books) {
  const UpsertColumns columns(books);
  BOOKSTORE_RETURN_IF_ERROR(transaction.query(kOneImporter).status());
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, transaction.query(kUpsert, columns.params()));
  UpsertReport report;
  int64_t revision_max = 0;
  for (const postgres::Row& row : rows) {
    ++(row.boolean("inserted") ? report.inserted : report.changed);
    revision_max = std::max(revision_max, row.int64("revision"));
  }
  report.unchanged = static_cast<int64_t>(books.size()) - report.inserted - report.changed;
  if (revision_max > 0) {
    BOOKSTORE_RETURN_IF_ERROR(transaction.query(kNotify, {std::to_string(revision_max)}).status());
  }
  return report;
}

absl::StatusOr<UpsertReport> Store::upsert(std::span<const Book> books, base::Deadline deadline) {
  UpsertReport report;
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool_, deadline, [&](postgres::Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(report, upsert(transaction, books));
        return absl::OkStatus();
      }));
  return report;
}

}  // namespace bookstore::catalogue
