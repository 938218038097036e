#include "suggestions/test_catalogue.h"

#include <cmath>

#include "base/check.h"
#include "base/status.h"
#include "suggestions/store.h"

namespace bookstore::suggestions {

void TestCatalogue::run(const char* sql, std::vector<postgres::Param> params) {
  const auto result = database_.pool().query({sql}, std::move(params), database_.deadline());
  BOOKSTORE_CHECK(result.ok(), base::describe(result.status()));
}

void TestCatalogue::clear() {
  run("TRUNCATE catalogue.book", {});
  run("TRUNCATE inventory.stock", {});
  run("TRUNCATE suggestions.book_embedding", {});
}

void TestCatalogue::put(const Book& book, int64_t stock) {
  run("INSERT INTO catalogue.book (book_id, title, authors, year, language, subjects, description, "
      "price_minor, currency, initial_stock, revision) "
      "VALUES ($1, $2, $3::text[], 2000, 'en', $4::text[], $5, 1000, 'EUR', 5, "
      "nextval('catalogue.book_revision')) "
      "ON CONFLICT (book_id) DO UPDATE SET title = excluded.title, authors = excluded.authors, "
      "subjects = excluded.subjects, description = excluded.description, "
      "revision = excluded.revision",
      {book.id, book.title, book.authors, book.subjects, book.description});
  set_stock(book.id, stock);
  run("SELECT pg_notify('catalogue_changed', '1')", {});
}

void TestCatalogue::change_price(const std::string& book_id) {
  run("UPDATE catalogue.book SET price_minor = price_minor + 1, "
      "revision = nextval('catalogue.book_revision') WHERE book_id = $1",
      {book_id});
}

void TestCatalogue::remove(const std::string& book_id) {
  run("DELETE FROM catalogue.book WHERE book_id = $1", {book_id});
}

void TestCatalogue::set_stock(const std::string& book_id, int64_t free) {
  run("INSERT INTO inventory.stock (book_id, listed, initial) VALUES ($1, $2, $2) "
      "ON CONFLICT (book_id) DO UPDATE SET initial = excluded.initial",
      {book_id, free});
}

std::vector<float> TestCatalogue::direction(size_t axis, float lean) {
  std::vector<float> vector(Store::kWidth);
  const float length = std::sqrt(1 + lean * lean);
  vector[axis] = 1 / length;
  vector[(axis + 1) % Store::kWidth] = lean / length;
  return vector;
}

}  // namespace bookstore::suggestions
