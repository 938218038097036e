#include "catalogue/store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "postgres/listener.h"
#include "postgres/test_database.h"

namespace bookstore::catalogue {
namespace {

using postgres::TestDatabase;

Book book(const std::string& id, const std::string& title) {
  return {id,
          std::nullopt,
          title,
          {"An Author", "Another One"},
          1999,
          "en",
          {"fiction"},
          "It happens.",
          {"EUR", 1000},
          5};
}

class CatalogueStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    ASSERT_TRUE(database().pool().query({"TRUNCATE catalogue.book"}, {}, deadline()).ok());
  }
  static TestDatabase& database() { return TestDatabase::shared(); }
  static base::Deadline deadline() { return database().deadline(); }
  UpsertReport upsert(const std::vector<Book>& books) {
    auto report = store().upsert(books, deadline());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(UpsertReport{});
  }
  static Store store() { return Store(database().pool()); }
};

TEST_F(CatalogueStore, WhatWasWrittenIsRead) {
  Book written = book("bk_1", "Émile, ou De l'éducation \"quoted\", {braced}");
  written.authors = {"Jean-Jacques Rousseau", "N\\N"};
  written.isbn13 = "9780261103573";
  upsert({written});
  const auto read = store().get("bk_1", deadline());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->book, written);
  EXPECT_EQ(store().get("bk_2", deadline()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CatalogueStore, AnImportTwiceChangesNothing) {
  std::vector<Book> books = {book("a", "A"), book("b", "B"), book("c", "C")};
  for (Book& each : books) each.authors = {"One"};
  EXPECT_EQ(upsert(books).inserted, 3);
  const auto before = store().get("b", deadline());
  const UpsertReport again = upsert(books);
  EXPECT_EQ(again.inserted + again.changed, 0);
  EXPECT_EQ(again.unchanged, 3);
  EXPECT_EQ(store().get("b", deadline())->revision, before->revision);

  books[1].price.minor = 1234;
  const UpsertReport third = upsert(books);
  EXPECT_EQ(third.changed, 1);
  EXPECT_EQ(third.unchanged, 2);
  EXPECT_GT(store().get("b", deadline())->revision, before->revision);
}

TEST_F(CatalogueStore, PagesVisitEveryBookOnceInTheOrderOfTitles) {
  std::vector<Book> books;
  for (int at = 0; at < 23; ++at) {
    // Equal titles on purpose: the id must break the tie.
    books.push_back(book("bk_" + std::to_string(100 + at), "Title " + std::to_string(at % 4)));
  }
  upsert(books);
  for (const size_t limit : {1, 5, 22, 23, 24, 100}) {
    std::vector<std::pair<std::string, std::string>> seen;
    std::string cursor;
    do {
      const auto page = store().list(limit, cursor, deadline());
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LE(page->books.size(), limit);
      for (const ListedBook& listed : page->books) {
        seen.emplace_back(listed.book.title, listed.book.id);
      }
      cursor = page->next_cursor;
    } while (!cursor.empty());
    EXPECT_EQ(seen.size(), books.size()) << "limit " << limit;
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << "limit " << limit;
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end()) << "limit " << limit;
  }
}

TEST_F(CatalogueStore, ACursorNobodyGaveIsRefused) {
  upsert({book("a", "A")});
  EXPECT_EQ(store().list(10, "made-up", deadline()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CatalogueStore, PricesLeaveOutUnknownBooks) {
  upsert({book("a", "A"), book("b", "B")});
  const auto prices = store().prices({"b", "nope", "a"}, deadline());
  ASSERT_TRUE(prices.ok()) << prices.status();
  ASSERT_EQ(prices->size(), 2u);
  EXPECT_EQ(prices->at("a").title, "A");
  EXPECT_EQ(prices->at("b").price, (base::Money{"EUR", 1000}));
}

TEST_F(CatalogueStore, ListenersHearOfAChangeAndNotOfNothing) {
  auto listener = postgres::Listener::open(database().conninfo(), {"catalogue_changed"},
                                           database().clock(), deadline());
  ASSERT_TRUE(listener.ok()) << listener.status();
  upsert({book("a", "A")});
  upsert({book("a", "A")});  // changes nothing: silent
  upsert({book("a", "A changed")});
  const auto first = (*listener)->wait(deadline());
  const auto second = (*listener)->wait(deadline());
  ASSERT_TRUE(first.ok() && first->has_value());
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ((*second)->payload, std::to_string(store().get("a", deadline())->revision));
  EXPECT_LT(std::stoll((*first)->payload), std::stoll((*second)->payload));
}

}  // namespace
}  // namespace bookstore::catalogue
