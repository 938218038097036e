#pragma once

#include <string>
#include <vector>

#include "postgres/test_database.h"
#include "suggestions/book.h"

namespace bookstore::suggestions {

// For tests: books, stock and vectors in the test database, written as their owners write them.
class TestCatalogue {
 public:
  explicit TestCatalogue(postgres::TestDatabase& database) : database_(database) { clear(); }

  void clear();
  // Inserts or changes the book with the next revision and tells the listeners.
  void put(const Book& book, int64_t stock = 5);
  // A new revision that changes nothing of the text.
  void change_price(const std::string& book_id);
  void remove(const std::string& book_id);
  void set_stock(const std::string& book_id, int64_t free);

  // A unit vector that points along `axis`, with `lean` towards the next one.
  static std::vector<float> direction(size_t axis, float lean = 0);

 private:
  void run(const char* sql, std::vector<postgres::Param> params);

  postgres::TestDatabase& database_;
};

}  // namespace bookstore::suggestions
