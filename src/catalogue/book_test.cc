#include "catalogue/book.h"

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "gtest/gtest.h"

namespace bookstore::catalogue {
namespace {

std::vector<std::string> good_row() {
  return {"bk_0001",
          "9780261103573",
          "The Fellowship of the Ring",
          "J. R. R. Tolkien",
          "1954",
          "en",
          "fantasy; quest",
          "A ring must be destroyed.",
          "1299",
          "EUR",
          "40"};
}

std::string wrong_column(const std::vector<std::string>& row) {
  const auto read = read_row(row);
  if (std::holds_alternative<Book>(read)) return "none";
  EXPECT_FALSE(std::get<BadRow>(read).reason.empty());
  return std::get<BadRow>(read).column;
}

TEST(CatalogueRow, AGoodRowIsItsBook) {
  const auto read = read_row(good_row());
  ASSERT_TRUE(std::holds_alternative<Book>(read));
  const Book& book = std::get<Book>(read);
  EXPECT_EQ(book.id, "bk_0001");
  EXPECT_EQ(book.isbn13, "9780261103573");
  EXPECT_EQ(book.authors, (std::vector<std::string>{"J. R. R. Tolkien"}));
  EXPECT_EQ(book.subjects, (std::vector<std::string>{"fantasy", "quest"}));
  EXPECT_EQ(book.price, (base::Money{"EUR", 1299}));
  EXPECT_EQ(book.initial_stock, 40);
}

TEST(CatalogueRow, ListsIsbnAndDescriptionMayBeEmptyWhereThatMakesSense) {
  auto row = good_row();
  row[1] = row[6] = row[7] = "";
  row[4] = "-700";
  const auto read = read_row(row);
  ASSERT_TRUE(std::holds_alternative<Book>(read)) << std::get<BadRow>(read).reason;
  EXPECT_EQ(std::get<Book>(read).isbn13, std::nullopt);
  EXPECT_TRUE(std::get<Book>(read).subjects.empty());
  EXPECT_EQ(std::get<Book>(read).year, -700);
}

TEST(CatalogueRow, EachWrongColumnIsNamed) {
  const std::map<size_t, std::vector<std::string>> wrong = {
      {0, {"", "has space", std::string(65, 'a'), "a/b"}},
      {1, {"9780261103574", "978026110357", "9790000000000x", "1234567890123"}},
      {2, {"", "   ", std::string(501, 't'), "two\nlines"}},
      {3, {"", ";", "A;;B", "A;"}},
      {4, {"", "19x4", "99999", "1954.0", " 1954"}},
      {5, {"", "english", "EN", "e"}},
      {6, {"a;;b"}},
      {7, {std::string(8001, 'd'), "bad \xC3\x28 utf-8", "\xED\xA0\x80"}},
      {8, {"", "0", "-1", "12.99", "99999999999999999999"}},
      {9, {"", "eur", "EURO", "E1R"}},
      {10, {"", "-1", "many", "1000000001"}},
  };
  for (const auto& [column, values] : wrong) {
    for (const std::string& value : values) {
      auto row = good_row();
      row[column] = value;
      EXPECT_EQ(wrong_column(row), kColumns[column]) << "value '" << value << "'";
    }
  }
}

TEST(CatalogueRow, AnotherNumberOfFieldsIsAWrongRow) {
  auto row = good_row();
  row.pop_back();
  EXPECT_EQ(wrong_column(row), "");
  EXPECT_EQ(wrong_column({}), "");
}

// ISO 2108: any single wrong digit, and any swap of different neighbours that differ by other than
// five, is found.
TEST(Isbn13, TheCheckDigitFindsEveryWrongDigitAndMostSwaps) {
  base::SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    std::string isbn = random.below(2) == 0 ? "978" : "979";
    while (isbn.size() < 12) isbn.push_back(static_cast<char>('0' + random.below(10)));
    int valid = 0;
    for (char last = '0'; last <= '9'; ++last) valid += valid_isbn13(isbn + last) ? 1 : 0;
    ASSERT_EQ(valid, 1) << isbn;

    char check = '0';
    while (!valid_isbn13(isbn + check)) ++check;
    const std::string good = isbn + check;
    for (size_t at = 3; at < good.size(); ++at) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string changed = good;
        changed[at] = digit;
        EXPECT_EQ(valid_isbn13(changed), changed == good) << good << " -> " << changed;
      }
    }
    for (size_t at = 3; at + 1 < good.size(); ++at) {
      if (std::abs(good[at] - good[at + 1]) % 5 == 0) continue;
      std::string swapped = good;
      std::swap(swapped[at], swapped[at + 1]);
      EXPECT_FALSE(valid_isbn13(swapped)) << good << " -> " << swapped;
    }
  }
}

}  // namespace
}  // namespace bookstore::catalogue
