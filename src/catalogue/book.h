#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/money.h"

namespace bookstore::catalogue {

// One book, as the importer's CSV and catalogue.book have it.
struct Book {
  std::string id;
  std::optional<std::string> isbn13;
  std::string title;
  std::vector<std::string> authors;
  int32_t year = 0;  // of the first publication; negative before our era
  std::string language;
  std::vector<std::string> subjects;
  std::string description;
  base::Money price;
  int64_t initial_stock = 0;  // where the stock started; inventory knows what is left
  friend bool operator==(const Book&, const Book&) = default;
};

// The CSV's header, in this order.
inline constexpr std::string_view kColumns[] = {
    "id",       "isbn13",      "title",       "authors",  "year", "language",
    "subjects", "description", "price_minor", "currency", "stock"};
inline constexpr size_t kColumnCount = std::size(kColumns);

// Why a row is no book: the column and one sentence for the person who wrote it.
struct BadRow {
  std::string column;  // empty when the row as a whole is wrong
  std::string reason;
};

// One CSV record, already split. Lists are separated by ';'. The first wrong column is named.
std::variant<Book, BadRow> read_row(std::span<const std::string> fields);

// Thirteen digits, prefix 978 or 979, and the check digit of ISO 2108.
bool valid_isbn13(std::string_view text);

}  // namespace bookstore::catalogue
